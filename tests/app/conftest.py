"""The sample clinic, opened on a copy, on a clock that stands still."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.app.clinic import Clinic
from tests.app.sample_clinic import Prepared, open_copy, shared


@pytest.fixture(scope="session")
def prepared(tmp_path_factory) -> Prepared:
    return shared(tmp_path_factory)


@pytest.fixture
def clinic(prepared, tmp_path: Path) -> Iterator[Clinic]:
    with open_copy(prepared, tmp_path / "clinic") as opened:
        yield opened
