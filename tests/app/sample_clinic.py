"""The bundled sample clinic in a folder, its series approved and its sample patients enrolled.

Made once per test process (compiling takes seconds); every test works on a copy.
"""

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.app.authoring import Compiled
from pipeline.app.clinic import Clinic
from pipeline.app.clock import SetClock
from pipeline.config import load_config
from pipeline.demo.folder import ANCHOR, make_clinic
from pipeline.demo.stage import stage

#: 10:00 in the clinic on the Monday around which the sample patients' dates stand.
MOMENT = datetime.combine(ANCHOR, datetime.min.time(), tzinfo=UTC) + timedelta(hours=16)
_COPIED = ("config.toml", "keys.json", "pipeline.db", "pipeline.db.generation")


@dataclass(frozen=True)
class Prepared:
    """A finished clinic folder; what was due at MOMENT lies in ``outbox`` as .eml files."""

    folder: Path
    compiled: Compiled

    @property
    def mail(self) -> list[Path]:
        return sorted((self.folder / "outbox").rglob("*.eml"))

    def copy(self, folder: Path) -> Path:
        """Another folder with the same database and keys; returns its config.toml."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in _COPIED:
            shutil.copy(self.folder / name, folder / name)
        return folder / "config.toml"


def prepare(folder: Path) -> Prepared:
    """Lay out, approve, bring patients, and send what is due."""
    clock = SetClock(MOMENT)
    config = make_clinic(folder, today=ANCHOR)
    with stage(folder, config, clock) as made:
        provider = made.clinic.provider()
        report = made.clinic.dispatcher(provider).tick(MOMENT)
        provider.close()
        assert report.accepted, "some mail is due at the demo's first moment"
        return Prepared(folder=folder, compiled=made.compiled)


_made: list[Prepared] = []


def shared(factory: pytest.TempPathFactory) -> Prepared:
    """The one prepared clinic of this test process."""
    if not _made:
        _made.append(prepare(factory.mktemp("prepared")))
    return _made[0]


def open_copy(prepared: Prepared, folder: Path, *, moment: datetime = MOMENT) -> Clinic:
    """The clinic of a copy, on a clock that stands still at ``moment``."""
    return Clinic.open(load_config(prepared.copy(folder)), clock=SetClock(moment), environment={})
