"""A dry run shows the request and hides every secret."""

from contextlib import closing

import pytest

from pipeline.delivery.outcome import Deferred
from pipeline.providers.brevo import Brevo
from pipeline.providers.http import Http
from pipeline.providers.mailgun import Mailgun
from pipeline.providers.postmark import Postmark
from pipeline.providers.rehearsal import Rehearsal, redacted
from pipeline.providers.resend import Resend
from pipeline.providers.sendgrid import Sendgrid
from pipeline.providers.ses import Ses
from pipeline.sections.mail import (
    BrevoProvider,
    HttpProvider,
    MailgunProvider,
    PostmarkProvider,
    ResendProvider,
    SendgridProvider,
    SesProvider,
)
from tests.providers.conftest import SECRET, SENT_AT, alike

NAMES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "MAILGUN_API_KEY",
         "SENDGRID_API_KEY", "RESEND_API_KEY", "BREVO_API_KEY", "POSTMARK_SERVER_TOKEN", "TOKEN")  # fmt: skip
GIVEN = {"environment": dict.fromkeys(NAMES, SECRET), "file": "config.toml"}
BODY = {"to": "{to}", "subject": "{subject}", "html": "{html}", "text": "{text}"}


@pytest.mark.parametrize(
    "opened",
    [
        lambda line: Ses(SesProvider(), clock=lambda: SENT_AT, line=line, **GIVEN),
        lambda line: Mailgun(MailgunProvider(), sender_domain="clinic.example.org", line=line, **GIVEN),
        lambda line: Sendgrid(SendgridProvider(), line=line, **GIVEN),
        lambda line: Resend(ResendProvider(), line=line, **GIVEN),
        lambda line: Brevo(BrevoProvider(), line=line, **GIVEN),
        lambda line: Postmark(PostmarkProvider(), line=line, **GIVEN),
        lambda line: Http(
            HttpProvider(url="https://mail.example.org/", headers={"X-Own": "k {env:TOKEN}"}, body=BODY),
            line=line,
            **GIVEN,
        ),
    ],
    ids=["ses", "mailgun", "sendgrid", "resend", "brevo", "postmark", "http"],
)
def test_a_dry_run_sends_nothing_and_shows_no_secret(opened) -> None:
    rehearsal = Rehearsal()

    with closing(opened(rehearsal)) as provider:
        outcomes = provider.send([alike(0), alike(1)])

    assert all(isinstance(outcome, Deferred) for outcome in outcomes)
    (shown, *_) = rehearsal.requests
    assert shown.startswith("POST https://")
    assert SECRET not in shown
    assert "[redacted]" in shown


def test_a_password_inside_an_address_is_not_shown_either() -> None:
    shown = redacted("POST", "https://user:pass@mail.example.org/send?key=abc", body=[b"{}"], headers={})

    assert "pass" not in shown
    assert "abc" not in shown
    assert "https://mail.example.org/send" in shown


def test_a_long_body_is_cut_and_its_length_said() -> None:
    shown = redacted("POST", "https://mail.example.org/", body=[b"x" * 9000], headers={})

    assert "(9000 bytes)" in shown
    assert len(shown) < 3000
