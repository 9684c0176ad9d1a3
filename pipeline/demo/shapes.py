"""The request shapes that carry whole messages, and the table of all shapes.

In charge of: turning an API's JSON into the message a patient would get, and that API's answers. Not in
charge of: HTTP (``standin``), shapes with variables (``merging_shapes``).

Sources: Postmark https://postmarkapp.com/developer/api/email-api (as of 2026-07), Resend
https://resend.com/docs/api-reference/emails/send-batch-emails, Brevo
https://developers.brevo.com/reference/send-transac-email (both as of 2026-11).
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pipeline.demo.merging_shapes import MERGING
from pipeline.demo.shape import (
    Reply,
    Request,
    Shape,
    mailbox_parts,
    named_values,
    picture,
    stand_in_id,
)
from pipeline.rendering.model import Bodies, Message

#: ``[provider.http] body`` for this stand-in; its ``id_path`` is "id".
GENERIC_BODY: Final[Mapping[str, str]] = {
    "to": "{to}",
    "from_name": "{from_name}",
    "from_address": "{from_address}",
    "reply_to": "{reply_to}",
    "subject": "{subject}",
    "html": "{html}",
    "text": "{text}",
    "key": "{key}",
    "message_id": "{message_id}",
    "headers": "{headers}",
    "attachments": "{attachments}",
}
_INACTIVE: Final = {"ErrorCode": 406, "Message": "Inactive recipient"}
#: What Brevo would read as its template language, and so would not show.
_BREVO_CODE: Final = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)


def shape_at(path: str) -> Shape | None:
    """The shape that listens at ``path``."""
    return next((shape for shape in _SHAPES if shape.path.fullmatch(path)), None)


def generic_message(item: Mapping[str, Any]) -> Message:
    """A message in the shape of ``GENERIC_BODY``. Raises KeyError or TypeError for anything else."""
    pictures = tuple(
        picture(cid=each["content_id"], media_type=each["content_type"], content=each["content"],
                filename=each["filename"])
        for each in item.get("attachments", ())
    )  # fmt: skip
    return Message(
        key=item["key"], message_id=item["message_id"], from_name=item["from_name"],
        from_address=item["from_address"], reply_to=item["reply_to"], to=item["to"],
        subject=item["subject"], bodies=Bodies.whole(html=item["html"], text=item["text"]),
        headers=tuple(item["headers"].items()), pictures=pictures,
    )  # fmt: skip


def postmark_message(item: Mapping[str, Any]) -> Message:
    """A message in Postmark's shape. Raises KeyError or TypeError for anything else."""
    headers = named_values(item["Headers"])
    headers.pop("X-PM-KeepID", None)
    name, address = mailbox_parts(item["From"])
    pictures = tuple(
        picture(cid=each["ContentID"].removeprefix("cid:"), media_type=each["ContentType"],
                content=each["Content"], filename=each["Name"])
        for each in item.get("Attachments", ())
    )  # fmt: skip
    return Message(
        key=item["Metadata"]["delivery_key"], message_id=headers.pop("Message-ID"), from_name=name,
        from_address=address, reply_to=item["ReplyTo"], to=item["To"], subject=item["Subject"],
        bodies=Bodies.whole(html=item["HtmlBody"], text=item["TextBody"]),
        headers=tuple(headers.items()), pictures=pictures,
    )  # fmt: skip


def resend_message(item: Mapping[str, Any]) -> Message:
    """A message in Resend's shape. Raises KeyError, TypeError or ValueError for anything else."""
    name, address = mailbox_parts(item["from"])
    (tag,) = [tag["value"] for tag in item["tags"] if tag["name"] == "delivery_key"]
    (to,) = item["to"]
    pictures = tuple(
        picture(cid=each["content_id"], media_type=each["content_type"], content=each["content"],
                filename=each["filename"])
        for each in item.get("attachments", ())
    )  # fmt: skip
    return Message(
        key=tag, message_id=stand_in_id(tag), from_name=name, from_address=address,
        reply_to=item["reply_to"], to=to, subject=item["subject"],
        bodies=Bodies.whole(html=item["html"], text=item["text"]),
        headers=tuple(item["headers"].items()), pictures=pictures,
    )  # fmt: skip


def brevo_messages(request: Request) -> list[Message]:
    """The messages of a request in Brevo's shape: its versions, or the one that stands alone."""
    item = request.json()
    versions = item.get("messageVersions") or [item]
    return [_brevo_message(item, version) for version in versions]


def _brevo_message(item: Mapping[str, Any], version: Mapping[str, Any]) -> Message:
    headers = {**item["headers"], **version["headers"]}
    headers.pop("idempotencyKey", None)
    key = headers.pop("X-Mailin-custom")
    (to,) = version["to"]
    name, address = mailbox_parts(f'"{item["sender"]["name"]}" <{item["sender"]["email"]}>')
    if not item["sender"]["name"].startswith("=?"):
        name = item["sender"]["name"]
    return Message(
        key=key, message_id=stand_in_id(key), from_name=name, from_address=address,
        reply_to=item["replyTo"]["email"], to=to["email"], subject=item["subject"],
        bodies=Bodies.whole(
            html=_BREVO_CODE.sub("", version["htmlContent"]), text=_BREVO_CODE.sub("", version["textContent"])
        ),
        headers=tuple(headers.items()),
    )  # fmt: skip


def _postmark_item(found: str | None) -> dict[str, Any]:
    return {"ErrorCode": 0, "Message": "OK", "MessageID": found} if found else _INACTIVE


def _resend_batch(ids: Sequence[str | None]) -> Reply:
    errors = [{"index": at, "message": "not valid"} for at, found in enumerate(ids) if found is None]
    return Reply(body={"data": [{"id": found} for found in ids if found], "errors": errors})


def _resend_messages(request: Request) -> list[Message]:
    items = [resend_message(item) for item in request.json()]
    if request.headers.get("x-batch-validation") != "permissive":
        raise ValueError("this stand-in speaks the permissive mode only")
    if any(message.pictures for message in items):
        raise ValueError("a batch takes no attachments")
    return items


def _brevo_answer(ids: Sequence[str | None]) -> Reply:
    body = {"messageId": ids[0]} if len(ids) == 1 else {"messageIds": list(ids)}
    return Reply(status=201, body=body)


_SHAPES: Final = (
    Shape(
        path=re.compile("/send"),
        read=lambda request: [generic_message(request.json())],
        accepted=lambda ids: Reply(body={"id": ids[0]} if ids else []),
        refused=Reply(status=422, body=_INACTIVE),
    ),
    Shape(
        path=re.compile("/email"),
        read=lambda request: [postmark_message(request.json())],
        accepted=lambda ids: Reply(body=_postmark_item(ids[0]) if ids else []),
        refused=Reply(status=422, body=_INACTIVE),
        once=lambda _request: False,
    ),
    Shape(
        path=re.compile("/email/batch"),
        read=lambda request: [postmark_message(item) for item in request.json()],
        accepted=lambda ids: Reply(body=[_postmark_item(found) for found in ids]),
        refused=Reply(status=422, body=_INACTIVE),
        itemised=True,
        once=lambda _request: False,
    ),
    Shape(
        path=re.compile("/emails"),
        read=lambda request: [resend_message(request.json())],
        accepted=lambda ids: Reply(body={"id": ids[0]} if ids else {}),
        refused=Reply(status=422, body={"name": "validation_error", "message": "not valid"}),
    ),
    Shape(
        path=re.compile("/emails/batch"),
        read=_resend_messages,
        accepted=_resend_batch,
        refused=Reply(status=422, body={"name": "validation_error", "message": "not valid"}),
        itemised=True,
    ),
    Shape(
        path=re.compile("/v3/smtp/email"),
        read=brevo_messages,
        accepted=_brevo_answer,
        refused=Reply(status=400, body={"code": "invalid_parameter", "message": "email is not valid in to"}),
        once=lambda request: bool(request.json()["headers"].get("idempotencyKey")),
    ),
    *MERGING,
)
