"""The sample clinic on both databases, and the stand-in it mails through."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.demo.faults import FaultPlan, no_faults
from pipeline.demo.standin import Standin
from pipeline.providers.port import Provider
from pipeline.providers.postmark import Postmark
from pipeline.sections.mail import PostmarkProvider
from tests.engine.sample import Clinic


@pytest.fixture
def clinic(store, keyring) -> Clinic:
    """Approved, without patients; the test runs once on each kind of database."""
    made = Clinic(store=store, keyring=keyring)
    made.prepare()
    return made


StartStandin = Callable[..., Standin]


@pytest.fixture
def start_standin(tmp_path: Path) -> Iterator[StartStandin]:
    """Start a stand-in with a plan of faults; stopped at the end of the test."""
    running: list[Standin] = []

    def start(plan: FaultPlan = no_faults) -> Standin:
        folder = tmp_path / f"standin{len(running)}"
        standin = Standin(folder, plan=plan, keep_mail=False, clock=lambda: datetime(2026, 3, 3, tzinfo=UTC))
        running.append(standin)
        return standin.__enter__()

    yield start
    for standin in running:
        standin.stop()


@pytest.fixture
def open_provider() -> Iterator[Callable[..., Provider]]:
    """Postmark's batch call to a stand-in; by default as patient as a busy machine needs."""
    opened: list[Provider] = []

    def open_it(standin: Standin, *, timeout_seconds: float = 20.0) -> Provider:
        section = PostmarkProvider(base_url=standin.url, timeout_seconds=timeout_seconds)
        provider = Postmark(section, environment={"POSTMARK_SERVER_TOKEN": "token"}, file="config.toml")
        opened.append(provider)
        return provider

    yield open_it
    for provider in opened:
        provider.close()
