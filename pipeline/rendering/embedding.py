"""A message's HTML for a browser: pictures that travel as attachments are shown where they stand.

In charge of: replacing ``cid:`` references, and leaving out what is for mail alone. Not in charge of: pages
around it (``web``) or files (``app``).
"""

import base64
import re
from collections.abc import Callable, Sequence

from pipeline.rendering.model import Attachment

#: Marks of the templates around what makes no sense on a page that is in the browser already.
_MAIL_ONLY = re.compile(r"<!--mail only-->.*?<!--/mail only-->\n?", re.DOTALL)


def without_mail_only(html: str) -> str:
    """``html`` without what its templates mark as being for mail alone: the button to the browser."""
    return _MAIL_ONLY.sub("", html)


def embedded(html: str, pictures: Sequence[Attachment]) -> str:
    """``html`` with its pictures inside it as ``data:`` addresses: one file that shows everything."""

    def data_address(picture: Attachment) -> str:
        return f"data:{picture.media_type};base64,{base64.b64encode(picture.data).decode('ascii')}"

    return with_pictures_at(html, pictures, data_address)


def with_pictures_at(
    html: str, pictures: Sequence[Attachment], address_of: Callable[[Attachment], str]
) -> str:
    """``html`` with every ``cid:`` reference replaced by ``address_of`` its picture."""
    for picture in pictures:
        html = html.replace(f'"cid:{picture.cid}"', f'"{address_of(picture)}"')
    return html
