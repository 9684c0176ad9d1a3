"""config.toml, checked whole: its shape, and what every package says of its own section.

In charge of: gathering the packages' checks in one place, so that every command refuses a bad
configuration with the same words. Not in charge of: the checks themselves.
"""

from datetime import date
from pathlib import Path

from pipeline.app.files import BUNDLED
from pipeline.config import Config, load_config, parse_config
from pipeline.errors import NotAllowedError, Place
from pipeline.rendering.check_clients import families_from
from pipeline.rendering.colours import check_brand
from pipeline.schedule.model import Rules
from pipeline.schedule.rules import rules_from, years_around
from pipeline.sections.mail import Mode


def check_settings(path: Path, *, today: date) -> Config:
    """The configuration of ``path``. Raises ConfigError or CalendarRulesError with place and mend."""
    config = load_config(path)
    check_brand(config.brand.colour, file=config.file)
    families_from(config.checks.mail_clients, file=config.file)
    clinic_rules(config, today=today)
    check_mode(config)
    return config


def check_mode(config: Config) -> None:
    """Raise NotAllowedError for live mode: its conditions (DESIGN 8.7) cannot be checked yet."""
    if config.sending.mode is Mode.LIVE:
        raise NotAllowedError(
            "This version sends in trial mode only: it cannot yet check what going live needs.",
            where=Place(file=config.file, key="sending.mode"),
            mend='write mode = "trial"; addresses on sending.trial_list get real mail',
        )


def weekly_rules(config: Config) -> Rules:
    """When mail may go in a week without holidays and closings, to judge a series by."""
    always = config.schedule.model_copy(update={"public_holidays": False, "closings": ()})
    return rules_from(always, country=config.clinic.country, subdivision=None, years=(), file=config.file)


def sample_settings() -> Config:
    """The bundled sample configuration, for an author who has no clinic folder yet."""
    text = (BUNDLED / "config.toml").read_text(encoding="utf-8")
    return parse_config(text, name="the bundled config.toml", folder=Path.cwd())


def clinic_rules(config: Config, *, today: date) -> Rules:
    """When mail may go, with the public holidays of the years around ``today``."""
    return rules_from(
        config.schedule,
        country=config.clinic.country,
        subdivision=config.clinic.subdivision,
        years=years_around(today),
        file=config.file,
    )
