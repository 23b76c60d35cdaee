"""A QR code as the path of an SVG; templates/components/qr.html draws it in ink on white, always."""

import segno

QUIET_ZONE = 2  # modules; the white padding of .qr adds the other two that scanners want


def drawn(text: str) -> tuple[int, str]:
    """The width in modules and the path for `text`, at level M: a screen needs no more."""
    code = segno.make(text, error="m", micro=False)
    runs = []
    for y, row in enumerate(code.matrix, start=QUIET_ZONE):
        x = 0
        while x < len(row):
            start = x
            while x < len(row) and row[x]:
                x += 1
            if x > start:
                runs.append(f"M{start + QUIET_ZONE} {y}h{x - start}v1h-{x - start}z")
            x += 1
    return code.symbol_size(border=QUIET_ZONE)[0], "".join(runs)
