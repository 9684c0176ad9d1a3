"""Which mail services may report to us, and how each is opened.

In charge of: the table. Not in charge of: any one service (its ``*_events`` module), the web address that
takes the call (``web``), or what becomes of an event (``actions``).

A service other than the one that sends now may be opened too: reports of what it sent before still come.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

from pipeline.config import Config
from pipeline.errors import ConfigError, Place
from pipeline.providers.brevo_events import BrevoListener
from pipeline.providers.hooks import Listener
from pipeline.providers.mailgun_events import MailgunListener
from pipeline.providers.postmark_events import PostmarkListener
from pipeline.providers.resend_events import ResendListener
from pipeline.providers.secrets import with_paths
from pipeline.providers.sendgrid_events import SendgridListener
from pipeline.providers.ses_events import SesListener
from pipeline.sections.mail import SesProvider

_Environment: TypeAlias = Mapping[str, str]


def _postmark(config: Config, environment: _Environment) -> Listener:
    section = with_paths(config.provider.postmark, config)
    return PostmarkListener(section, environment=environment, file=config.file)


def _ses(config: Config, _: _Environment) -> Listener:
    section: SesProvider = config.provider.ses
    paths = {address: str(config.path(path)) for address, path in section.webhook_certificates.items()}
    return SesListener(section.model_copy(update={"webhook_certificates": paths}), file=config.file)


def _mailgun(config: Config, environment: _Environment) -> Listener:
    section = with_paths(config.provider.mailgun, config)
    return MailgunListener(section, environment=environment, file=config.file)


def _sendgrid(config: Config, _: _Environment) -> Listener:
    return SendgridListener(config.provider.sendgrid, file=config.file)


def _resend(config: Config, environment: _Environment) -> Listener:
    section = with_paths(config.provider.resend, config)
    return ResendListener(section, environment=environment, file=config.file)


def _brevo(config: Config, environment: _Environment) -> Listener:
    section = with_paths(config.provider.brevo, config)
    return BrevoListener(section, environment=environment, file=config.file)


#: By lower-case name, as in ``/hooks/{name}``.
LISTENERS: Final[Mapping[str, Callable[[Config, _Environment], Listener]]] = MappingProxyType(
    {
        "postmark": _postmark,
        "ses": _ses,
        "mailgun": _mailgun,
        "sendgrid": _sendgrid,
        "resend": _resend,
        "brevo": _brevo,
    }
)


def open_listener(name: str, config: Config, environment: Mapping[str, str]) -> Listener:
    """The listener of the service ``name``, with its secrets from config.toml and ``environment``.

    Raises ConfigError for a name that is not in ``LISTENERS``, or where what proves a call is not set.
    """
    if name not in LISTENERS:
        raise ConfigError(
            "No mail service of this name reports to us.",
            where=Place(file=config.file, key="provider.name"),
            mend=f"services that report: {', '.join(LISTENERS)}",
        )
    return LISTENERS[name](config, environment)
