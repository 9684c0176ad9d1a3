"""A request that is shown and not sent: what ``pipeline provider test --dry-run`` prints.

In charge of: a line that goes nowhere, and taking every secret out of what it shows. Not in charge of: the
real line (``wire``), or who may see a request, which holds an address.
"""

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from pipeline.providers.answers import Exchange, NoAnswer

#: Headers that hold no secret; of any other only the name is shown, whatever an API calls its token.
_OPEN: Final = frozenset(
    {"accept", "content-type", "host", "idempotency-key", "x-amz-date", "x-batch-validation"}
)
_SHOWN_CHARACTERS: Final = 2000


class Rehearsal:
    """A line that keeps a readable copy of each request, and lets none out."""

    def __init__(self) -> None:
        self.requests: list[str] = []

    def exchange(
        self, method: str, url: str, *, body: Sequence[bytes], headers: Mapping[str, str]
    ) -> Exchange:
        """Keep the request; the answer is that nothing left."""
        self.requests.append(redacted(method, url, body=body, headers=headers))
        return NoAnswer(left=False, why="a rehearsal: nothing was sent")

    def close(self) -> None:
        """Nothing is open."""


def redacted(method: str, url: str, *, body: Sequence[bytes], headers: Mapping[str, str]) -> str:
    """The request in words: every header that may be a secret hidden, a long body cut."""
    whole = b"".join(body)
    shown = [f"{name}: {value if name.lower() in _OPEN else '[redacted]'}" for name, value in headers.items()]
    text = whole.decode("utf-8", errors="replace")
    cut = f"{text[:_SHOWN_CHARACTERS]}…" if len(text) > _SHOWN_CHARACTERS else text
    return "\n".join((f"{method} {_without_user(url)}", *shown, f"({len(whole)} bytes)", "", cut))


def _without_user(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query=""))
