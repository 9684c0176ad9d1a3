"""Pictures of an article: named, loaded through the caller, measured, never fetched.

In charge of: which names may be asked for, and what a picture's first bytes say of it. Not in charge of:
opening files (the caller's loader does, inside the article's folder) or showing them.
"""

import re
import struct
from collections.abc import Callable
from pathlib import PurePosixPath
from urllib.parse import unquote

from pipeline.article.model import Note, Picture

#: Asked with a relative name inside the article's folder; None where there is no such file.
PictureLoader = Callable[[str], bytes | None]

#: One picture larger than this would make an email that most servers refuse.
LARGEST = 5 * 1024 * 1024
_SHOWN = ("image/png", "image/jpeg", "image/gif", "image/webp")


def load_named(
    source: str, alt: str, *, line: int | None, load: PictureLoader | None
) -> tuple[Picture, tuple[Note, ...]]:
    """The picture named ``source`` with its bytes where they may and can be had, and notes where not."""
    bare = Picture(source=source, alt=alt)
    if re.match(r"(?:[a-z][a-z0-9+.-]*:|//)", source, re.IGNORECASE):
        return bare, (_note("remote_picture", "It is on another server and was not fetched", source, line),)
    name = _relative(source)
    if name is None:
        return bare, (_note("picture_refused", "It lies outside the article's folder", source, line),)
    data = load(name) if load is not None else None
    if data is None:
        return bare, (_note("picture_missing", "It was not found beside the article", source, line),)
    return from_bytes(data, source=source, alt=alt, line=line)


def from_bytes(data: bytes, *, source: str, alt: str, line: int | None) -> tuple[Picture, tuple[Note, ...]]:
    """A picture whose bytes are at hand; too large or of an unknown kind, it is named only."""
    media_type, width, height = measure(data)
    if media_type not in _SHOWN:
        reason = "It is not a PNG, JPEG, GIF or WebP picture"
        return Picture(source=source, alt=alt), (_note("picture_unknown", reason, source, line),)
    if len(data) > LARGEST:
        reason = f"It is larger than {LARGEST // 1024 // 1024} MB"
        return Picture(source=source, alt=alt), (_note("picture_too_large", reason, source, line),)
    picture = Picture(source=source, alt=alt, data=data, media_type=media_type, width=width, height=height)
    return picture, () if alt.strip() else (_note("picture_without_alt", "It has no alt text", source, line),)


def _note(code: str, reason: str, source: str, line: int | None) -> Note:
    return Note(
        code=code, message=f"A picture is left to its alt text. {reason}.", line=line, excerpt=source[:120]
    )


def _relative(source: str) -> str | None:
    """The name to ask the loader for; None for anything that could leave the article's folder."""
    name = unquote(source.split("#", 1)[0].split("?", 1)[0]).replace("\\", "/")
    path = PurePosixPath(name)
    if not name or path.is_absolute() or ".." in path.parts or "\x00" in name or ":" in name:
        return None
    return str(path)


def measure(data: bytes) -> tuple[str | None, int | None, int | None]:
    """Media type, width and height in pixels, read from the first bytes; None for what they do not say."""
    try:
        if data.startswith(b"\x89PNG\r\n\x1a\n"):
            return "image/png", *struct.unpack(">II", data[16:24])
        if data[:6] in {b"GIF87a", b"GIF89a"}:
            return "image/gif", *struct.unpack("<HH", data[6:10])
        if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            return "image/webp", *_webp_size(data)
        if data.startswith(b"\xff\xd8\xff"):
            return "image/jpeg", *_jpeg_size(data)
    except struct.error:
        return None, None, None
    return None, None, None


def _webp_size(data: bytes) -> tuple[int | None, int | None]:
    """Only the extended form (VP8X) and lossy frames say their size at a fixed place."""
    if data[12:16] == b"VP8X":
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if data[12:16] == b"VP8 ":
        width, height = struct.unpack("<HH", data[26:30])
        return width & 0x3FFF, height & 0x3FFF
    return None, None


def _jpeg_size(data: bytes) -> tuple[int | None, int | None]:
    """Walk the segments to the frame header (ITU T.81, B.2.2)."""
    at = 2
    while at + 9 < len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        at += 2 + max(length, 2)
    return None, None
