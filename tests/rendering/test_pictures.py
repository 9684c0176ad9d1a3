import struct

import pytest

from pipeline.rendering.embedding import embedded, with_pictures_at
from pipeline.rendering.pictures import PictureRefusedError, attachment, measure


def jpeg(width: int, height: int) -> bytes:
    """The head of a JPEG: a comment segment, padding, then a baseline frame header."""
    comment = b"\xff\xfe" + struct.pack(">H", 6) + b"abcd"
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 11, 8, height, width, 1) + b"\x01\x11\x00"
    return b"\xff\xd8" + comment + b"\xff" + frame + b"\xff\xd9"


def test_sizes_are_read_from_png_jpeg_and_gif(make_png) -> None:
    gif = b"GIF89a" + struct.pack("<HH", 30, 20) + b"\0\0\0;"
    for data, kind, size in [
        (make_png(30, 20), "image/png", (30, 20)),
        (jpeg(640, 480), "image/jpeg", (640, 480)),
        (gif, "image/gif", (30, 20)),
    ]:
        found = measure(data)
        assert (found.media_type, (found.width, found.height)) == (kind, size)


@pytest.mark.parametrize(
    "data",
    [b"", b"<svg xmlns='x'/>", b"RIFF....WEBPVP8 ", b"GIF89a", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
     b"\xff\xd8\xff\xe0\0",     b"\xff\xd8\xff\xe0\0\x00" + b"\xff" * 40],
)  # fmt: skip
def test_what_is_not_a_whole_picture_header_is_refused(data: bytes) -> None:
    with pytest.raises(PictureRefusedError):
        measure(data)


def test_an_impossible_size_is_refused(make_png) -> None:
    data = bytearray(make_png(1, 1))
    data[16:20] = struct.pack(">I", 0)
    with pytest.raises(PictureRefusedError, match="impossible"):
        measure(bytes(data))


def test_the_same_picture_has_the_same_content_id(make_png) -> None:
    assert attachment(make_png(2, 2)) == attachment(make_png(2, 2))
    assert attachment(make_png(2, 2)).cid != attachment(make_png(3, 2)).cid


def test_a_browser_gets_the_pictures_inside_the_page_or_at_an_address(make_png) -> None:
    picture = attachment(make_png(2, 2))
    page = f'<img src="cid:{picture.cid}" alt=""> cid:{picture.cid}'
    assert "data:image/png;base64," in embedded(page, [picture])
    elsewhere = with_pictures_at(page, [picture], lambda one: f"/pictures/{one.cid}")
    assert elsewhere == f'<img src="/pictures/{picture.cid}" alt=""> cid:{picture.cid}'
