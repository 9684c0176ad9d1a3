"""AWS Signature Version 4, for Amazon SES.

In charge of: the headers that sign one request. Not in charge of: the request (``ses``).

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html (read
2026-11); checked against the vectors that AWS publishes. Own code because the SDK brings 90 MB for what is
four HMACs.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import parse_qsl, quote, urlsplit

_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Keys of an AWS account. Never shown."""

    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    #: For temporary credentials only.
    session_token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Where a signature counts."""

    region: str
    service: str


def signed(
    method: str, url: str, *, headers: Mapping[str, str], body_sha256: str, keys: Credentials,
    scope: Scope, now: datetime,
) -> dict[str, str]:  # fmt: skip
    """``headers`` with Host, X-Amz-Date, Authorization and, for temporary keys, X-Amz-Security-Token.

    ``body_sha256`` in hex digits; ``now`` aware. All of ``headers`` are signed.
    """
    parts = urlsplit(url)
    moment = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    own = {**headers, "Host": parts.netloc.rpartition("@")[2], "X-Amz-Date": moment}
    if keys.session_token:
        own["X-Amz-Security-Token"] = keys.session_token
    lines = sorted((name.lower(), " ".join(value.split())) for name, value in own.items())
    names = ";".join(name for name, _ in lines)
    canonical = "\n".join(
        (
            method,
            quote(parts.path or "/", safe="/-_.~%"),
            _query(parts.query),
            *(f"{name}:{value}" for name, value in lines),
            "",
            names,
            body_sha256,
        )
    )
    where = f"{moment[:8]}/{scope.region}/{scope.service}/aws4_request"
    to_sign = "\n".join((_ALGORITHM, moment, where, hashlib.sha256(canonical.encode()).hexdigest()))
    signature = hmac.new(_key(keys.secret_key, where), to_sign.encode(), hashlib.sha256).hexdigest()
    own["Authorization"] = (
        f"{_ALGORITHM} Credential={keys.access_key}/{where}, SignedHeaders={names}, Signature={signature}"
    )
    return own


def _query(query: str) -> str:
    pairs = parse_qsl(query, keep_blank_values=True)
    encoded = sorted((quote(name, safe="-_.~"), quote(value, safe="-_.~")) for name, value in pairs)
    return "&".join(f"{name}={value}" for name, value in encoded)


@lru_cache(maxsize=4)
def _key(secret: str, where: str) -> bytes:
    """One key per day, region and service."""
    key = f"AWS4{secret}".encode()
    for step in where.split("/"):
        key = hmac.new(key, step.encode(), hashlib.sha256).digest()
    return key
