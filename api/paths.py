"""What may stand in an address. Whatever else does is no address of ours, and never reaches the database."""

AN_ID = "abc_" + "0" * 23  # in the form of all, of nothing there is


class RefConverter:
    """A public reference: three letters of kind, then 23 of Crockford's base 32."""

    regex = "[a-z]{3}_[0-9a-z]{23}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class CodeConverter(RefConverter):
    """A coupon's code, with or without its groups of four: `8264 1234 5678 9012`, `8264-1234-…`."""

    regex = r"[0-9][0-9 \-]{15,22}"

    def to_python(self, value: str) -> str:
        return "".join(filter(str.isdigit, value))
