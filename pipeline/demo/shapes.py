"""The two request shapes that the stand-in understands, read back into messages.

In charge of: turning an API's JSON into the message a patient would get. Not in charge of: HTTP
(``standin``). Postmark's shape is that of https://postmarkapp.com/developer/api/email-api, as of 2026-07.
"""

import base64
from collections.abc import Mapping
from email.utils import parseaddr
from typing import Any, Final

from pipeline.rendering.model import Attachment, Message

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


def generic_message(item: Mapping[str, Any]) -> Message:
    """A message in the shape of ``GENERIC_BODY``. Raises KeyError or TypeError for anything else."""
    pictures = tuple(
        Attachment(
            cid=each["content_id"],
            media_type=each["content_type"],
            data=base64.b64decode(each["content"]),
            filename=each["filename"],
        )
        for each in item.get("attachments", ())
    )
    return Message(
        key=item["key"], message_id=item["message_id"], from_name=item["from_name"],
        from_address=item["from_address"], reply_to=item["reply_to"], to=item["to"],
        subject=item["subject"], html=item["html"], text=item["text"],
        headers=tuple(item["headers"].items()), pictures=pictures,
    )  # fmt: skip


def postmark_message(item: Mapping[str, Any]) -> Message:
    """A message in Postmark's shape. Raises KeyError or TypeError for anything else."""
    headers = {each["Name"]: each["Value"] for each in item["Headers"]}
    headers.pop("X-PM-KeepID", None)
    name, address = parseaddr(item["From"])
    pictures = tuple(
        Attachment(
            cid=each["ContentID"].removeprefix("cid:"),
            media_type=each["ContentType"],
            data=base64.b64decode(each["Content"]),
            filename=each["Name"],
        )
        for each in item.get("Attachments", ())
    )
    return Message(
        key=item["Metadata"]["delivery_key"], message_id=headers.pop("Message-ID"), from_name=name,
        from_address=address, reply_to=item["ReplyTo"], to=item["To"], subject=item["Subject"],
        html=item["HtmlBody"], text=item["TextBody"], headers=tuple(headers.items()), pictures=pictures,
    )  # fmt: skip
