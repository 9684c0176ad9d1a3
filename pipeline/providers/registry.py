"""Which provider the configuration names, opened; and what each of them can do.

In charge of: choosing and opening. Not in charge of: whether it may go live
(``shortcomings`` judges, ``app`` asks).
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import assert_never

from pipeline.config import Config
from pipeline.errors import ConfigError, Place
from pipeline.providers import brevo, http, mailgun, postmark, resend, sendgrid, ses, smtp
from pipeline.providers.outbox import Outbox
from pipeline.providers.port import Capabilities, Provider
from pipeline.providers.secrets import with_paths
from pipeline.providers.wire import Line, is_loopback
from pipeline.sections.mail import HttpProvider


def open_provider(
    config: Config, environment: Mapping[str, str], *, clock: Callable[[], datetime], line: Line | None = None
) -> Provider:
    """The configured provider, ready to send; ``clock`` (aware) dates what is sent.

    ``line`` takes the place of the way to an HTTP API: a rehearsal sends nothing. Raises ConfigError for a
    missing section or secret, EnvironmentRefusedError for an outbox folder that cannot be written.
    """
    chosen, file = config.provider, config.file
    _refuse_plain_text(config)
    match chosen.name:
        case "outbox":
            return Outbox(config.path(chosen.outbox.folder), clock=clock)
        case "http":
            return http.Http(_http(config), environment=environment, file=file, line=line)
        case "postmark":
            section = with_paths(chosen.postmark, config)
            return postmark.Postmark(section, environment=environment, file=file, line=line)
        case "ses":
            ours = with_paths(chosen.ses, config)
            return ses.Ses(ours, environment=environment, file=file, clock=clock, line=line)
        case "smtp":
            return smtp.Smtp(with_paths(chosen.smtp, config), environment=environment, file=file, clock=clock)
        case "mailgun" | "sendgrid" | "resend" | "brevo":
            return _with_one_key(config, environment, line)
        case _:
            assert_never(chosen.name)


def _with_one_key(config: Config, environment: Mapping[str, str], line: Line | None) -> Provider:
    chosen, file = config.provider, config.file
    if chosen.name == "mailgun":
        domain = config.sender.from_address.rpartition("@")[2]
        section = with_paths(chosen.mailgun, config)
        return mailgun.Mailgun(section, sender_domain=domain, environment=environment, file=file, line=line)
    if chosen.name == "sendgrid":
        ours = with_paths(chosen.sendgrid, config)
        return sendgrid.Sendgrid(ours, environment=environment, file=file, line=line)
    if chosen.name == "resend":
        return resend.Resend(with_paths(chosen.resend, config), environment=environment, file=file, line=line)
    return brevo.Brevo(with_paths(chosen.brevo, config), environment=environment, file=file, line=line)


def capabilities(config: Config) -> dict[str, Capabilities]:
    """What every mail API could do with this configuration, by name; asks for no secret.

    ``http`` is left out where it has no section.
    """
    chosen = config.provider
    found = {
        "outbox": Outbox.capabilities,
        "http": http.capabilities_of(chosen.http) if chosen.http is not None else None,
        "postmark": postmark.capabilities_of(chosen.postmark),
        "ses": ses.capabilities_of(chosen.ses),
        "mailgun": mailgun.capabilities_of(chosen.mailgun),
        "sendgrid": sendgrid.capabilities_of(chosen.sendgrid),
        "resend": resend.capabilities_of(chosen.resend),
        "brevo": brevo.capabilities_of(chosen.brevo),
        "smtp": smtp.capabilities_of(chosen.smtp),
    }
    return {name: each for name, each in found.items() if each is not None}


def _http(config: Config) -> HttpProvider:
    if config.provider.http is None:
        raise ConfigError(
            "provider.name is 'http', but there is no section [provider.http].",
            where=Place(file=config.file, key="provider.http"),
            mend="add [provider.http] with url and body; docs/providers.md shows one",
        )
    return config.provider.http


def _refuse_plain_text(config: Config) -> None:
    """Raise ConfigError where patients' mail would travel unencrypted to another machine."""
    name = config.provider.name
    section = getattr(config.provider, name)
    for key in ("base_url", "url"):
        address = getattr(section, key, None)
        if address and address.startswith("http://") and not is_loopback(address):
            raise ConfigError(
                f"provider.{name}.{key} is not encrypted, and leads to another machine.",
                where=Place(file=config.file, key=f"provider.{name}.{key}"),
                mend="write https:// in place of http://",
            )
