"""The command line as a person has it: a folder, a command, an exit code, words."""

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipeline.__main__ import _guarded
from pipeline.app.files import BUNDLED
from tests.app.sample_clinic import Prepared, shared


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Ended]


@pytest.fixture
def run(monkeypatch, capsys) -> Run:
    """Run ``pipeline`` with these words, in this process, up to the last line of defence."""

    def it(*words: object) -> Ended:
        monkeypatch.setattr(sys, "argv", ["pipeline", *map(str, words)])
        capsys.readouterr()
        code = _guarded()
        told = capsys.readouterr()
        assert "Traceback" not in told.out + told.err
        return Ended(code, told.out, told.err)

    return it


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """An empty folder to stand in."""
    there = tmp_path / "here"
    there.mkdir()
    monkeypatch.chdir(there)
    return there


@pytest.fixture
def clinic(folder) -> Path:
    """A clinic's folder without a database yet."""
    shutil.copy(BUNDLED / "config.toml", folder / "config.toml")
    return folder


@pytest.fixture(scope="session")
def prepared(tmp_path_factory) -> Prepared:
    return shared(tmp_path_factory)


@pytest.fixture
def running_clinic(folder, prepared) -> Path:
    """A clinic's folder with an approved series and enrolled patients."""
    prepared.copy(folder)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """Every file in the folder, to see that nothing was half-written."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
