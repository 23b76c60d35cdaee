"""A code read off a photo, where the phone cannot read it by itself."""

import re
import warnings
from io import BytesIO

import zxingcpp
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps, UnidentifiedImageError

from merchants.errors import DomainError

MOST_BYTES = 8 * 1024 * 1024
MOST_PIXELS = 50_000_000
EDGE = 1600  # pixels; a code that fills a fifth of the photo still has some ten a module


def code_in(upload: UploadedFile) -> str:
    """The text of the one code in the photo; of a coupon's QR with more around it, its sixteen digits.

    DomainError `photo.too_large`, `photo.unreadable`, `photo.no_code`.
    """
    if (upload.size or 0) > MOST_BYTES:
        raise _refused("photo.too_large", _("The photo is larger than 8 MB."))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            # Opening reads the header only: what it claims is checked before any pixel is.
            with Image.open(BytesIO(upload.read()), formats=("JPEG", "PNG", "WEBP")) as photo:
                if photo.width * photo.height > MOST_PIXELS:
                    raise _refused("photo.too_large", _("The photo has too many pixels."))
                photo.draft("L", (EDGE, EDGE))
                grey = ImageOps.exif_transpose(photo).convert("L")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _refused("photo.too_large", _("The photo has too many pixels.")) from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        raise _refused("photo.unreadable", _("This file is not a photo that can be read.")) from None
    grey.thumbnail((EDGE, EDGE))
    codes = [found.text for found in zxingcpp.read_barcodes(grey) if found.text]
    if not codes:
        raise _refused("photo.no_code", _("No code can be seen in the photo."))
    digits = re.search(r"(?<!\d)\d{16}(?!\d)", codes[0])
    return digits.group() if digits else codes[0]


def _refused(code: str, message: object) -> DomainError:
    next_step = _("Take it again, near and straight and without glare, or type the digits.")
    return DomainError(code, message, next_step=next_step, field="photo")
