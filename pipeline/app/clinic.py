"""A clinic, opened: configuration, keys, database, mail API and clock wired together.

In charge of: the one place where those meet. Not in charge of: what is done with them (``actions``,
``engine``), pages (``web``), or authoring, which needs none of this (``authoring``).
"""

import os
import random
import secrets
import socket
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Self

from sqlalchemy import make_url

from pipeline.actions.enrolling import Dating
from pipeline.actions.generation import Generation
from pipeline.actions.offers import EditionDays
from pipeline.app.clock import Clock, system_clock
from pipeline.app.listening import Hearing
from pipeline.app.settings import check_mode, clinic_rules
from pipeline.config import Config
from pipeline.delivery.links import links_for
from pipeline.delivery.pacing import Limits
from pipeline.delivery.retry import RetryRules
from pipeline.engine.dispatch import Dispatcher
from pipeline.engine.housekeeping import end_pauses
from pipeline.engine.wiring import Settings, Wiring
from pipeline.keys import Keyring, create_keyring, load_keyring
from pipeline.patients.addresses import address_key
from pipeline.providers.port import Provider
from pipeline.providers.registry import open_provider
from pipeline.schedule.model import Rules
from pipeline.sections.mail import Mode
from pipeline.store import audit, patients
from pipeline.store.database import Store

#: Random bits in a delivery or batch key: nobody can guess another patient's.
_KEY_BITS = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Clinic(AbstractContextManager["Clinic"]):
    """Everything a command or a page of this clinic works with. Close it, or use it in a ``with``."""

    config: Config
    keyring: Keyring
    store: Store
    clock: Clock
    environment: Mapping[str, str]
    #: Whatever is random; only a simulation takes one that can be repeated.
    chance: random.Random = field(default_factory=random.SystemRandom, repr=False)
    _rules: dict[int, Rules] = field(default_factory=dict, repr=False)

    @classmethod
    def open(
        cls, config: Config, *, clock: Clock = system_clock, environment: Mapping[str, str] = os.environ
    ) -> Self:
        """Open the clinic of ``config``; a new one gets its key file and its database.

        Raises KeyringError, StoreError, ConfigError and CalendarRulesError, each with place and mend.
        """
        clinic_rules(config, today=clock().date())
        check_mode(config)
        keyring = _keyring(config, environment)
        store = Store.open(config.database.url, keyring, folder=config.folder)
        return cls(config=config, keyring=keyring, store=store, clock=clock, environment=environment)

    def close(self) -> None:
        """Let go of the database."""
        self.store.close()

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def rules(self, day: date) -> Rules:
        """When mail may go around ``day``; holidays depend on the year."""
        if day.year not in self._rules:
            self._rules[day.year] = clinic_rules(self.config, today=day)
        return self._rules[day.year]

    def dating(self, *, actor: str) -> Dating:
        """What enrolling needs, done by ``actor`` now."""
        now = self.clock()
        rules = self.rules(now.date())
        return Dating(
            rules=rules,
            clinic_zone=self.config.zone,
            clinic_language=self.config.clinic.language,
            days=EditionDays(rules),
            new_key=self.new_key,
            actor=actor,
            now=now,
        )

    def hearing(self) -> Hearing:
        """Whoever reports to this clinic."""
        return Hearing(config=self.config, environment=self.environment, store=self.store)

    def housekeep(self) -> int:
        """What has to happen before mail goes out; how many pauses ended."""
        self.hearing().go_on(now=self.clock())
        return end_pauses(self.store, partial(self.dating, actor="housekeeping"))

    def provider(self) -> Provider:
        """The configured mail API. Raises ConfigError for a missing section or secret."""
        return open_provider(self.config, self.environment, clock=self.clock)

    def new_key(self) -> str:
        """A new opaque key for a delivery or a batch: hex digits, unguessable, unique."""
        return f"{self.chance.getrandbits(_KEY_BITS):0{_KEY_BITS // 4}x}"

    def dispatcher(self, provider: Provider) -> Dispatcher:
        """A dispatcher of this process; its name in the ledger is unique per start.

        It counts in the living database (``actions.generation``), and keeps to the provider's rate and quota.
        """
        owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"
        wiring = replace(self.wiring(provider), generation=self.generation)
        return Dispatcher(wiring, replace(self.settings(owner=owner), limits=self.limits))

    @property
    def limits(self) -> Limits:
        """The provider's rate and daily quota."""
        return Limits(per_second=self.config.sending.per_second, per_day=self.config.sending.per_day)

    @property
    def generation(self) -> Generation:
        """This machine's file that tells a restored backup from the living database."""
        return Generation(generation_file(self.config))

    def wiring(self, provider: Provider) -> Wiring:
        """What a dispatcher of this clinic works with."""
        public_url = self.config.web.public_url.rstrip("/")
        return Wiring(
            store=self.store,
            provider=provider,
            links=partial(links_for, keyring=self.keyring, public_url=public_url),
            rules=self.rules,
            clock=self.clock,
            draw=self.chance.random,
            new_key=self.new_key,
        )

    def settings(self, *, owner: str) -> Settings:
        """How a dispatcher of this clinic works under the name ``owner``."""
        sending = self.config.sending
        return Settings(
            owner=owner,
            batch_size=sending.batch_size,
            lease=timedelta(seconds=sending.lease_seconds),
            trial=sending.mode is Mode.TRIAL,
            trial_list=frozenset(address_key(address) for address in sending.trial_list),
            retry=RetryRules(max_attempts=sending.max_attempts),
        )


def generation_file(config: Config) -> Path:
    """Beside a SQLite database; for PostgreSQL, which stands elsewhere, beside config.toml."""
    url = make_url(config.database.url)
    name = str(url.database) if url.get_backend_name() == "sqlite" else "pipeline"
    return config.path(f"{name}.generation")


def _keyring(config: Config, environment: Mapping[str, str]) -> Keyring:
    path = config.path(config.keys.file)
    text = environment.get(config.keys.environment)
    if text is None and not path.exists() and _is_new(config):
        return create_keyring(path)
    return load_keyring(path, text)


def _is_new(config: Config) -> bool:
    """Whether nothing was ever done in the database: only then a missing key may be made anew.

    Raises StoreError where the database cannot be opened; then no key is made either.
    """
    nothing_sealed = Keyring.generate()
    with Store.open(config.database.url, nothing_sealed, folder=config.folder) as store, store.read() as tx:
        return audit.head(tx) is None and not patients.count_patients(tx)
