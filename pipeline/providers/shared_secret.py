"""Calls that prove where they come from with a secret only: Postmark and Brevo sign nothing.

In charge of: Basic credentials (RFC 7617), a bearer token (RFC 6750) and a header of our own, compared in
constant time. Not in charge of: where the secret comes from (``secrets``).

A secret in the address's query is not taken: addresses end up in logs.
"""

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from pipeline.providers.hooks import Hook, HookRefusedError, same

#: For services that can add a header to their calls.
HEADER: Final = "x-webhook-secret"


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedSecret:
    """What a call has to bring: one of ``secrets``, in one of the three ways."""

    user: str
    #: Several while one is being replaced.
    secrets: tuple[str, ...] = field(repr=False)

    def verify(self, hook: Hook) -> None:
        """Nothing, if ``hook`` brings a secret. Raises HookRefusedError."""
        wanted = {"basic": [f"{self.user}:{secret}" for secret in self.secrets], "bare": list(self.secrets)}
        # A list, not a generator: how long it takes must not tell which secret was right.
        right = [same(value, secret) for how, value in _brought(hook) for secret in wanted[how]]
        if not any(right):
            raise HookRefusedError("The call brings no secret, or a wrong one.")


def _brought(hook: Hook) -> Iterator[tuple[str, str | bytes]]:
    scheme, _, value = hook.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        yield "bare", value.strip()
    if scheme.lower() == "basic":
        yield "basic", _decoded(value.strip())
    if HEADER in hook.headers:
        yield "bare", hook.headers[HEADER]


def _decoded(value: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except ValueError:
        return b""
