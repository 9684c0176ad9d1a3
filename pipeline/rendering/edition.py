"""An edition as canonical bytes and back, and its hash: what a clinician signs.

In charge of: one exact form per edition, so that equal content has an equal SHA-256. Not in charge of:
making an edition (``compile``) or keeping it (``store``).

The form is JSON: UTF-8, keys sorted, no spaces, pictures in base64, a version of the form. The hash is
over these bytes without itself. Form 1 had no calendars.
"""

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import time
from typing import Any

from pipeline.errors import TemplateError
from pipeline.rendering.model import Attachment, CompiledPart, Edition, Skeleton, Slot
from pipeline.series.model import NO_CALENDAR, Calendar, Purpose

FORM = 2


def to_bytes(edition: Edition) -> bytes:
    """``edition`` in its canonical form, its hash left out."""
    fields = asdict(edition)
    del fields["sha256"]
    return json.dumps(
        {"form": FORM, "edition": fields},
        ensure_ascii=False,
        sort_keys=True,
        separators=(",", ":"),
        default=_encoded,
    ).encode()


def sealed(edition: Edition) -> Edition:
    """``edition`` with the hash of its canonical form."""
    return replace(edition, sha256=hashlib.sha256(to_bytes(edition)).hexdigest())


def from_bytes(data: bytes) -> Edition:
    """The edition whose canonical form is ``data``, sealed.

    Raises TemplateError for bytes that are no edition, or of a newer form.
    """
    try:
        whole = json.loads(data)
        if whole["form"] > FORM:
            raise TemplateError(
                "The edition was made by a newer version of this program.", mend="update the program"
            )
        edition = _edition(whole["edition"])
    except (ValueError, KeyError, TypeError) as error:
        raise TemplateError(
            "The stored edition cannot be read.", mend="compile and approve it again"
        ) from error
    return replace(edition, sha256=hashlib.sha256(data).hexdigest())


def _encoded(value: object) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, time):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def _edition(fields: dict[str, Any]) -> Edition:
    return Edition(
        **{
            **fields,
            "sha256": "",
            "purpose": Purpose(fields["purpose"]),
            "parts": _each(fields["parts"], _part),
            "calendar": _calendar(fields.get("calendar")),
        }
    )


def _part(fields: dict[str, Any]) -> CompiledPart:
    return CompiledPart(
        **{
            **fields,
            "html": _skeleton(fields["html"]),
            "text": _skeleton(fields["text"]),
            "pictures": _each(fields["pictures"], _picture),
            "calendar": _calendar(fields.get("calendar")),
        }
    )


def _skeleton(fields: dict[str, Any]) -> Skeleton:
    return Skeleton(literals=tuple(fields["literals"]), slots=tuple(Slot(slot) for slot in fields["slots"]))


def _picture(fields: dict[str, Any]) -> Attachment:
    return Attachment(**{**fields, "data": base64.b64decode(fields["data"], validate=True)})


def _calendar(fields: dict[str, Any] | None) -> Calendar:
    if fields is None:
        return NO_CALENDAR
    sends, weekdays = fields["send_time"], fields["weekdays"]
    return Calendar(
        **{
            **fields,
            "send_time": None if sends is None else time.fromisoformat(sends),
            "weekdays": None if weekdays is None else tuple(weekdays),
        }
    )


def _each(items: list[dict[str, Any]], read: Callable[[dict[str, Any]], Any]) -> tuple[Any, ...]:
    return tuple(read(item) for item in items)
