"""Pictures that travel inside the email: what kind they are, how large, under which Content-ID.

In charge of: PNG, JPEG and GIF headers, and inline attachments. Not in charge of: where a picture
stands (``layout``) or how it is encoded for the wire (``mime``).
"""

import hashlib
import struct
from dataclasses import dataclass

from pipeline.rendering.model import Attachment

_JPEG_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})


class PictureRefusedError(ValueError):
    """The bytes are not a picture that every mail client shows."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a picture's own header says."""

    media_type: str
    width: int
    height: int


def measure(data: bytes) -> Measured:
    """Kind and size in pixels. Raises PictureRefusedError for anything but PNG, JPEG and GIF.

    SVG and WebP are refused on purpose: Outlook for Windows shows neither.
    """
    if data.startswith(b"\x89PNG\r\n\x1a\n") and data[12:16] == b"IHDR" and len(data) >= 24:
        kind, size = "image/png", struct.unpack(">II", data[16:24])
    elif data[:6] in (b"GIF87a", b"GIF89a") and len(data) >= 10:
        kind, size = "image/gif", struct.unpack("<HH", data[6:10])
    elif data.startswith(b"\xff\xd8"):
        kind, size = "image/jpeg", _jpeg_size(data)
    else:
        raise PictureRefusedError("only PNG, JPEG and GIF are shown by every mail client")
    if not all(0 < side <= 20_000 for side in size):
        raise PictureRefusedError("its header says an impossible size")
    return Measured(kind, *size)


def attachment(data: bytes, *, name: str = "picture") -> Attachment:
    """``data`` as an inline attachment; its Content-ID comes from its content, so it is stable.

    The file name is ours, never the article's: a name such as ``slipped-disc.jpg`` would tell.
    """
    kind = measure(data).media_type
    digest = hashlib.sha256(data).hexdigest()[:16]
    suffix = {"image/png": "png", "image/jpeg": "jpg", "image/gif": "gif"}[kind]
    return Attachment(cid=f"{digest}@pictures", media_type=kind, data=data, filename=f"{name}.{suffix}")


def _jpeg_size(data: bytes) -> tuple[int, int]:
    """Walk the markers to the first frame header (ITU-T T.81, B.2.2)."""
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker in _JPEG_FRAMES:
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        at += 1 if marker == 0xFF else 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]
    raise PictureRefusedError("its JPEG header is broken")
