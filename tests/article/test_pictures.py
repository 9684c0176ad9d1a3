"""Pictures are asked for by safe names only, measured, and never fetched."""

import struct
import zlib

import pytest

from pipeline.article.pictures import LARGEST, from_bytes, load_named, measure


def png(width, height):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"".join(b"\x00" + b"\x00" * width for _ in range(height)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


JPEG = (
    b"\xff\xd8\xff\xe0\x00\x04\x00\x00\xff\xc0\x00\x11\x08"
    + struct.pack(">HH", 30, 40)
    + b"\x03"
    + b"\x00" * 20
)
GIF = b"GIF89a" + struct.pack("<HH", 7, 9) + b"\x00" * 10
WEBP = b"RIFF\x00\x00\x00\x00WEBPVP8X" + b"\x00" * 8 + (99).to_bytes(3, "little") + (49).to_bytes(3, "little")


@pytest.mark.parametrize(
    ("data", "measured"),
    [
        (png(3, 2), ("image/png", 3, 2)),
        (JPEG, ("image/jpeg", 40, 30)),
        (GIF, ("image/gif", 7, 9)),
        (WEBP, ("image/webp", 100, 50)),
        (b"<svg/>", (None, None, None)),
        (b"\x89PNG\r\n\x1a\n", (None, None, None)),
    ],
    ids=["png", "jpeg", "gif", "webp", "svg", "cut off"],
)
def test_the_first_bytes_tell_type_and_size(data, measured):
    assert measure(data) == measured


def test_a_local_picture_is_loaded_by_its_relative_name():
    asked = []
    picture, notes = load_named(
        "img/a%20b.png", "A chair", line=3, load=lambda name: asked.append(name) or png(4, 4)
    )
    assert asked == ["img/a b.png"]
    assert (picture.media_type, picture.width, picture.alt) == ("image/png", 4, "A chair")
    assert notes == ()


@pytest.mark.parametrize(
    "source", ["../secret.png", "/etc/passwd", "a/../../b.png", "..\\b.png", "C:\\b.png", ""]
)
def test_a_name_that_could_leave_the_folder_is_never_asked_for(source):
    asked = []
    picture, notes = load_named(source, "alt", line=1, load=asked.append)
    assert asked == []
    assert picture.data is None
    assert len(notes) == 1


@pytest.mark.parametrize(
    "source", ["https://example.org/a.png", "//example.org/a.png", "ftp://x/a.png", "file:///a.png"]
)
def test_a_remote_picture_is_named_in_a_note_and_never_fetched(source):
    asked = []
    picture, notes = load_named(source, "alt", line=7, load=asked.append)
    assert asked == []
    assert picture.source == source
    assert [(note.code, note.line) for note in notes] == [("remote_picture", 7)]


def test_a_missing_picture_is_a_note():
    _, notes = load_named("a.png", "alt", line=None, load=lambda _: None)
    assert [note.code for note in notes] == ["picture_missing"]


def test_a_picture_without_alt_text_is_a_note():
    picture, notes = from_bytes(png(1, 1), source="a.png", alt=" ", line=None)
    assert picture.data is not None
    assert [note.code for note in notes] == ["picture_without_alt"]


def test_a_picture_too_large_for_an_email_is_only_named():
    picture, notes = from_bytes(png(1, 1) + b"\x00" * LARGEST, source="a.png", alt="x", line=None)
    assert picture.data is None
    assert [note.code for note in notes] == ["picture_too_large"]
