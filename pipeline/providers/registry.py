"""Which provider the configuration names, opened.

In charge of: choosing and opening. Not in charge of: whether it may go live (``app`` asks its
capabilities).
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import assert_never

from pipeline.config import Config
from pipeline.errors import ConfigError, Place
from pipeline.providers.http import Http
from pipeline.providers.outbox import Outbox
from pipeline.providers.port import Provider
from pipeline.providers.postmark import Postmark


def open_provider(
    config: Config, environment: Mapping[str, str], *, clock: Callable[[], datetime]
) -> Provider:
    """The configured provider, ready to send; ``clock`` dates the outbox's files (aware).

    Raises ConfigError for a missing section or secret, EnvironmentRefusedError for an outbox folder that
    cannot be written.
    """
    section = config.provider
    match section.name:
        case "outbox":
            return Outbox(config.path(section.outbox.folder), clock=clock)
        case "http":
            if section.http is None:
                raise ConfigError(
                    "provider.name is 'http', but there is no section [provider.http].",
                    where=Place(file=config.file, key="provider.http"),
                    mend="add [provider.http] with url and body; docs/providers.md shows one",
                )
            return Http(section.http, environment=environment, file=config.file)
        case "postmark":
            return Postmark(section.postmark, environment=environment, file=config.file)
        case _:
            assert_never(section.name)
