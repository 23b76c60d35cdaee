"""A member's code at the workbench: typed, scanned, photographed."""

import struct
import zlib
from io import BytesIO

import pytest
import segno
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.html import escape
from PIL import Image

from coupons import redemption
from workbench.carrying import carried, unpacked


class TestScanning:
    def test_a_typed_code_opens_the_card_without_the_code_in_the_address(self, lin, fang, code):
        answer = lin.post("/w/scan/", {"code": code})
        assert answer.status_code == 302 and code not in answer["Location"]
        page = lin.get(answer["Location"], follow=True)
        assert page.context["card"].member == fang.channel_member
        assert page.context["card"].binding.guide.name == "林小雨"

    def test_a_photo_of_the_qr_is_read(self, lin, code):
        answer = lin.post("/w/scan/", {"photo": photo_of(code)})
        assert unpacked(answer["Location"].partition("coupon=")[2]) == code

    @pytest.mark.parametrize(
        ("upload", "refusal"),
        [
            (lambda: SimpleUploadedFile("x.jpg", b"not a photo", "image/jpeg"), "photo.unreadable"),
            (lambda: picture(Image.new("L", (400, 400), 255)), "photo.no_code"),
            (lambda: SimpleUploadedFile("x.jpg", b"0" * (8 * 1024 * 1024 + 1)), "photo.too_large"),
            (lambda: png_that_claims(8_000, 8_000), "photo.too_large"),
            (lambda: png_that_claims(10_000, 10_000), "photo.too_large"),
            (lambda: png_that_claims(60_000, 60_000), "photo.too_large"),
        ],
    )
    def test_what_cannot_be_read_says_so(self, lin, upload, refusal):
        answer = lin.post("/w/scan/", {"photo": upload()})
        assert (answer.status_code, answer.context["refusal"].code) == (422, refusal)

    @pytest.mark.parametrize(("typed", "refusal"), [("", "coupon.no_code"), ("1234", "coupon.unknown")])
    def test_a_wrong_code_stays_on_the_page_with_the_next_step(self, lin, world, typed, refusal):
        answer = lin.post("/w/scan/", {"code": typed})
        assert (answer.status_code, answer.context["refusal"].code) == (422, refusal)
        assert escape(str(answer.context["refusal"].next_step)) in answer.content.decode()

    def test_what_we_did_not_seal_is_no_code(self):
        assert unpacked("1234123412341234") == "" and unpacked(carried("1")) == "1"


def test_the_till_finds_what_the_phone_carried(world, code):
    assert redemption.digits(f" {code[:4]}-{code[4:]}") == code


def photo_of(code: str) -> SimpleUploadedFile:
    buffer = BytesIO()
    segno.make(code, error="m").save(buffer, kind="png", scale=6)
    qr = Image.open(buffer).convert("RGB")
    table = Image.new("RGB", (1200, 900), (196, 180, 160))
    table.paste(qr.rotate(7, expand=True, fillcolor=(255, 255, 255)), (400, 250))
    return picture(table)


def picture(image: Image.Image) -> SimpleUploadedFile:
    buffer = BytesIO()
    image.convert("RGB").save(buffer, "JPEG", quality=80)
    return SimpleUploadedFile("photo.jpg", buffer.getvalue(), "image/jpeg")


def png_that_claims(width: int, height: int) -> SimpleUploadedFile:
    """A few bytes whose header promises a picture of that size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(b"0"))
    return SimpleUploadedFile("photo.png", b"\x89PNG\r\n\x1a\n" + header + pixels + chunk(b"IEND", b""))
