"""``pipeline provider`` and what ``pipeline config check`` says of the mail API, as a person types them."""

from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from pipeline.demo.faults import Fault, FaultPlan, in_turn, no_faults
from pipeline.demo.standin import Standin
from tests.cli.conftest import Run

ME = "me@clinic.example.org"
SECRETS = {
    "AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "s3cret", "MAILGUN_API_KEY": "s3cret",
    "SENDGRID_API_KEY": "s3cret", "RESEND_API_KEY": "s3cret", "BREVO_API_KEY": "s3cret",
    "POSTMARK_SERVER_TOKEN": "s3cret",
}  # fmt: skip
APIS = ("ses", "mailgun", "sendgrid", "resend", "brevo", "postmark")


@pytest.fixture
def clinic(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new clinic's folder, the working folder of every command; all secrets are set."""
    run("init", tmp_path / "clinic")
    monkeypatch.chdir(tmp_path / "clinic")
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    return tmp_path / "clinic"


def choose(clinic: Path, section: str) -> None:
    """Put ``section`` in the place of config.toml's [provider]."""
    path = clinic / "config.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.partition("[provider]")[0] + section, encoding="utf-8")


@pytest.fixture
def start_standin(tmp_path: Path) -> Iterator:
    running: list[Standin] = []

    def start(plan: FaultPlan = no_faults) -> Standin:
        standin = Standin(tmp_path / "standin", plan=plan)
        running.append(standin)
        return standin.__enter__()

    yield start
    for standin in running:
        standin.stop()


@pytest.mark.parametrize("name", APIS)
def test_a_test_message_goes_through_the_configured_api(
    run: Run, clinic: Path, name: str, start_standin
) -> None:
    standin = start_standin()
    choose(clinic, f'[provider]\nname = "{name}"\n[provider.{name}]\nbase_url = "{standin.url}"\n')

    ended = run("provider", "test", "--to", ME)

    assert ended.code == 0, ended.err
    assert f"{name} accepted the message" in ended.out
    (taken,) = standin.taken()
    mail = message_from_bytes(
        (standin.folder / "mail" / f"{taken.key}.eml").read_bytes(), policy=policy.default
    )
    assert mail["To"] == ME
    assert mail["X-Delivery-Key"] == taken.key
    assert "trial" in mail.get_body(("plain",)).get_content().lower()


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [(Fault.UNAUTHORIZED, "Nothing was sent: the mail API refused our credentials (HTTP 401)."),
     (Fault.TOO_MANY, "Try again in 7 seconds."),
     (Fault.CUT_AFTER, "It may have been sent:"),
     (Fault.FAILED_ITEMS, "trying again will not help")],
)  # fmt: skip
def test_what_was_answered_is_said_in_words(
    run: Run, clinic: Path, fault: Fault, sentence: str, start_standin
) -> None:
    standin = start_standin(in_turn(fault))
    choose(clinic, f'[provider]\nname = "postmark"\n[provider.postmark]\nbase_url = "{standin.url}"\n')

    ended = run("provider", "test", "--to", ME)

    assert ended.code == 1
    assert sentence in ended.out
    assert "s3cret" not in ended.out + ended.err


def test_in_a_trial_nobody_but_the_trial_list_gets_a_test(run: Run, clinic: Path) -> None:
    choose(clinic, '[provider]\nname = "resend"\n')

    ended = run("provider", "test", "--to", "stranger@example.org")

    assert ended.code != 0
    assert "sending.trial_list" in ended.err
    assert "stranger@example.org" not in ended.err
    assert run("provider", "test", "--to", "stranger@example.org", "--dry-run").code == 0


def test_a_dry_run_shows_the_request_and_neither_sends_nor_tells_a_secret(
    run: Run, clinic: Path, start_standin
) -> None:
    standin = start_standin()
    choose(clinic, f'[provider]\nname = "brevo"\n[provider.brevo]\nbase_url = "{standin.url}"\n')

    ended = run("provider", "test", "--to", ME, "--dry-run")

    assert ended.code == 0
    assert f"POST {standin.url}/v3/smtp/email" in ended.out
    assert "api-key: [redacted]" in ended.out
    assert "s3cret" not in ended.out
    assert standin.taken() == []


def test_a_dry_run_of_the_outbox_writes_nothing(run: Run, clinic: Path) -> None:
    ended = run("provider", "test", "--to", ME, "--dry-run")

    assert ended.code == 0
    assert "Subject: " in ended.out
    assert not (clinic / "outbox").exists()


@pytest.mark.parametrize(
    ("section", "named"),
    [('name = "http"\n', "provider.http"),
     ('name = "postmark"\n[provider.postmark]\ntoken_env = "NOT_SET"\n', "NOT_SET"),
     ('name = "smtp"\n[provider.smtp]\nhost = "mail.example.org"\nsecurity = "none"\n',
      "provider.smtp.security"),
     ('name = "mailgun"\n[provider.mailgun]\nkey_file = "nowhere"\n', "provider.mailgun.key_file")],
    ids=["no section", "no secret", "plain text", "no file"],
)  # fmt: skip
def test_config_check_names_what_the_mail_api_is_missing(
    run: Run, clinic: Path, section: str, named: str
) -> None:
    choose(clinic, f"[provider]\n{section}")

    ended = run("config", "check")

    assert ended.code == 2
    assert named in ended.err
    assert "mend:" in ended.err


def test_config_check_refuses_pictures_that_an_api_cannot_carry(run: Run, clinic: Path) -> None:
    choose(clinic, '[provider]\nname = "brevo"\n')
    path = clinic / "config.toml"
    text = path.read_text(encoding="utf-8").replace("[brand]", '[brand]\nlogo = "logo.png"', 1)
    path.write_text(text, encoding="utf-8")

    ended = run("config", "check")

    assert ended.code == 2
    assert "pictures" in ended.err


def test_show_says_what_the_configured_api_lacks_and_lists_all(run: Run, clinic: Path) -> None:
    choose(clinic, '[provider]\nname = "resend"\n')

    ended = run("provider", "show")

    assert ended.code == 0
    assert "tracking_is_off = true" in ended.out
    assert "> resend" in ended.out
    assert "smtp" in ended.out
    shown = run("provider", "show", "--json").json
    assert shown["configured"] == "resend"
    assert [each["code"] for each in shown["shortcomings"]] == ["tracking"]
    assert {row["API"] for row in shown["apis"]} >= set(APIS)


def test_json_says_what_was_answered(run: Run, clinic: Path) -> None:
    answered = run("provider", "test", "--to", ME, "--json").json

    assert answered["provider"] == "outbox"
    assert answered["outcome"] == "accepted"
    assert (clinic / "outbox" / f"{answered['detail']}.eml").exists()


def test_a_part_that_does_not_exist_is_a_usage_error(run: Run, clinic: Path) -> None:
    ended = run("provider", "test", "--to", ME, "--part", "99")

    assert ended.code == 2
    assert "parts" in ended.err
