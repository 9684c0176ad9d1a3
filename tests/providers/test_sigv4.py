"""Signatures, against those that AWS publishes for the same requests.

The vectors are AWS's own "aws-sig-v4-test-suite" (get-vanilla and others, 2015-08-30T12:36:00Z) and the
example of the IAM user guide.
"""

import hashlib
from datetime import UTC, datetime, timedelta, timezone

import pytest

from pipeline.providers.sigv4 import Credentials, Scope, signed

KEYS = Credentials(access_key="AKIDEXAMPLE", secret_key="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
SUITE = Scope(region="us-east-1", service="service")
IAM = Scope(region="us-east-1", service="iam")
MOMENT = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
HOST = "https://example.amazonaws.com/"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
IAM_URL = "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08"
IAM_FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}


def signature(
    method: str, url: str, headers: dict[str, str], body: bytes, scope: Scope, now: datetime
) -> str:
    found = signed(
        method,
        url,
        headers=headers,
        body_sha256=hashlib.sha256(body).hexdigest(),
        keys=KEYS,
        scope=scope,
        now=now,
    )
    return found["Authorization"].rpartition("Signature=")[2]


@pytest.mark.parametrize(
    ("method", "url", "headers", "body", "scope", "expected"),
    [
        ("GET", HOST, {}, b"", SUITE, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        ("POST", HOST, {}, b"", SUITE, "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
        ("GET", f"{HOST}?Param2=value2&Param1=value1", {}, b"", SUITE,
         "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
        ("POST", HOST, {"My-Header1": "value1"}, b"", SUITE,
         "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"),
        ("GET", HOST, {"My-Header1": " value1", "My-Header2": ' "a   b   c"'}, b"", SUITE,
         "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"),
        ("POST", HOST, FORM, b"Param1=value1", SUITE,
         "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"),
        ("GET", IAM_URL, IAM_FORM, b"", IAM,
         "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"),
    ],
    ids=["get", "post", "query", "header", "trimmed", "form", "iam"],
)  # fmt: skip
def test_a_request_is_signed_as_aws_publishes_it(method, url, headers, body, scope, expected) -> None:
    assert signature(method, url, headers, body, scope, MOMENT) == expected
    elsewhere = MOMENT.astimezone(timezone(timedelta(hours=-5)))
    assert signature(method, url, headers, body, scope, elsewhere) == expected


def test_temporary_keys_carry_their_token_inside_the_signature() -> None:
    keys = Credentials(access_key="AKID", secret_key="secret", session_token="token")

    found = signed("POST", HOST, headers={}, body_sha256="0" * 64, keys=keys, scope=SUITE, now=MOMENT)

    assert found["X-Amz-Security-Token"] == "token"
    assert "SignedHeaders=host;x-amz-date;x-amz-security-token," in found["Authorization"]


def test_keys_are_never_shown() -> None:
    assert repr(Credentials(access_key="AKID", secret_key="s3cret", session_token="t0ken")) == "Credentials()"
