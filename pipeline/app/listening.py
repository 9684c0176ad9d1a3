"""What mail services report, wired: their listeners, the rules of [feedback], and what no caller has proven.

In charge of: opening each service's listener from config.toml, and counting refused calls for staff. Not in
charge of: the web address (``web.hooks``), proof (``providers``), or what follows (``actions.taking_in``).
"""

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final

from pipeline.actions import taking_in
from pipeline.actions.taking_in import FeedbackRules, Taken
from pipeline.config import Config
from pipeline.delivery.alarm import AlarmRules
from pipeline.errors import ConfigError, PipelineError
from pipeline.providers.hooks import Hook, HookRefusedError, Listener
from pipeline.providers.listening import LISTENERS, open_listener
from pipeline.store import refusals
from pipeline.store.database import Store

_log = logging.getLogger(__name__)
#: Refused calls are written down together: a flood of them must not become a flood of rows or lines.
_TOGETHER: Final = timedelta(minutes=1)


def feedback_rules(config: Config) -> FeedbackRules:
    """[feedback] of config.toml as rules."""
    section = config.feedback
    return FeedbackRules(
        soft_limit=section.soft_bounce_limit,
        alarm=AlarmRules(
            span=timedelta(days=section.alarm_days),
            least=section.alarm_least,
            watch_percent=section.watch_percent,
            stop_percent=section.stop_percent,
        ),
    )


@dataclass(slots=True, kw_only=True)
class _Refused:
    """Refused calls of one service that are not written down yet."""

    count: int = 0
    written_at: datetime | None = None


@dataclass(frozen=True)
class Hearing:
    """Whoever reports to one clinic. Safe to share between threads."""

    config: Config
    environment: Mapping[str, str] = field(repr=False)
    store: Store = field(repr=False)
    _refused: dict[str, _Refused] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @cached_property
    def listeners(self) -> Mapping[str, Listener]:
        """Those services whose proof is set up."""
        found = {}
        for name in LISTENERS:
            try:
                found[name] = open_listener(name, self.config, self.environment)
            except ConfigError as error:
                # The service that sends should be heard; of the others nobody expects it.
                if name == self.config.provider.name:
                    _log.warning("reports of %s are refused: %s", name, error.what)
        return found

    @staticmethod
    def knows(name: str) -> bool:
        """Whether there is such a service at all."""
        return name in LISTENERS

    def take_in(self, name: str, hook: Hook) -> Taken:
        """Verify a call, keep it, and apply what it tells.

        Raises HookRefusedError for a call without proof, and StoreError, after which the service should bring
        it again.
        """
        try:
            listener = self._proven(name, hook)
        except HookRefusedError as error:
            self._count_refused(name, error, hook.received_at)
            raise
        return taking_in.take_in(self.store, listener, hook, feedback_rules(self.config))

    def go_on(self, *, now: datetime) -> int:
        """What earlier calls left to do; how many events and calls. Raises StoreError."""
        rules = feedback_rules(self.config)
        read = taking_in.read_again(self.store, lambda: self.listeners, rules, now=now)
        return read + taking_in.apply_waiting(self.store, rules, now=now)

    def _proven(self, name: str, hook: Hook) -> Listener:
        listener = self.listeners.get(name)
        if listener is None:
            raise HookRefusedError("Nothing is set up that could prove its calls.")
        listener.verify(hook)
        return listener

    def _count_refused(self, name: str, error: HookRefusedError, now: datetime) -> None:
        with self._lock:
            refused = self._refused.setdefault(name, _Refused())
            refused.count += 1
            if refused.written_at is not None and now - refused.written_at < _TOGETHER:
                return
            count, refused.count, refused.written_at = refused.count, 0, now
        _log.warning("refused %d call(s) that said they were %s: %s", count, name, error.what)
        try:
            with self.store.begin() as tx:
                refusals.add(tx, name, count, now=now)
        except PipelineError:
            # The log has it; the caller is refused either way.
            _log.warning("refused calls of %s could not be counted", name)
