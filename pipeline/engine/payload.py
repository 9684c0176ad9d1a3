"""The fingerprint of a message: what must be equal before the same bytes may be sent again.

In charge of: hashing everything of a message that reaches the patient. Not in charge of: the request's
own bytes, which are the same for the same message and the same version of a provider's file.
"""

import hashlib
from collections.abc import Iterable
from functools import lru_cache

from pipeline.rendering.model import Attachment, Message, Skeleton


def payload_hash(message: Message) -> bytes:
    """SHA-256 over every field of ``message``, so that no two different messages have the same.

    What all messages of a part share enters as a hash of its own, made once.
    """
    bodies = message.bodies
    fields = [
        message.key, message.message_id, message.from_name, message.from_address, message.reply_to,
        message.to, message.subject, _pictures(message.pictures),
        _skeleton(bodies.html), *[bodies.html_values[slot] for slot in bodies.html.slots],
        _skeleton(bodies.text), *[bodies.text_values[slot] for slot in bodies.text.slots],
    ]  # fmt: skip
    for header in message.headers:
        fields += header
    # With their lengths in front: a letter that moves from one field to the next changes them.
    lengths = " ".join(map(str, map(len, fields)))
    return hashlib.sha256(f"{lengths}\n{''.join(fields)}".encode()).digest()


def _skeleton(skeleton: Skeleton) -> str:
    if not skeleton.slots:
        # Shared with no other message: keeping it would only fill the memory.
        return _sealed([skeleton.literals[0].encode()])
    return _shared(skeleton)


@lru_cache(maxsize=256)
def _shared(skeleton: Skeleton) -> str:
    return _sealed(literal.encode() for literal in skeleton.literals)


@lru_cache(maxsize=64)
def _pictures(pictures: tuple[Attachment, ...]) -> str:
    return _sealed(
        piece
        for picture in pictures
        for piece in (
            picture.cid.encode(),
            picture.media_type.encode(),
            picture.filename.encode(),
            picture.data,
        )
    )


def _sealed(pieces: Iterable[bytes]) -> str:
    """SHA-256 (hex) over the pieces and their lengths."""
    kept = list(pieces)
    lengths = " ".join(str(len(piece)) for piece in kept)
    return hashlib.sha256(lengths.encode() + b"\n" + b"".join(kept)).hexdigest()
