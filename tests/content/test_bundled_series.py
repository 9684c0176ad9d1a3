"""The bundled series as an author has it: light, and nothing to find but what only a clinic can mend."""

from pathlib import Path

import pytest

from pipeline.app.authoring import Compiled, Desk
from pipeline.app.settings import sample_settings
from pipeline.rendering.model import Severity

ROOT = Path(__file__).parents[2]
#: A clinic's own article, where it lies beside the repository.
SHARED = sorted((ROOT.parent / "shared" / "data" / "article").glob("*.txt"))
#: 60 KB: far from where Gmail cuts off, whatever a patient's name is.
LIGHT = 60_000
#: What no program can mend: a clinician's name under the safety text, the clinic's own https address.
KNOWN = {"safety-sample", "links-insecure"}


@pytest.fixture(scope="module")
def desk() -> Desk:
    return Desk.open(sample_settings())


@pytest.fixture(scope="module")
def bundled(desk: Desk) -> Compiled:
    return desk.compiled("first-weeks")


def sizes(compiled: Compiled) -> list[int]:
    return [len("".join(part.html.literals).encode()) for part in compiled.edition.parts]


def test_the_bundled_series_has_no_finding_but_the_known_ones(bundled: Compiled) -> None:
    assert {finding.code for finding in bundled.findings} == KNOWN
    assert not any(finding.severity is Severity.ERROR for finding in bundled.findings)


def test_every_part_of_the_bundled_series_is_light(bundled: Compiled) -> None:
    assert max(sizes(bundled)) < LIGHT


@pytest.mark.parametrize("article", SHARED, ids=lambda path: path.name)
def test_every_part_of_a_clinic_s_article_is_light_and_has_no_error(desk: Desk, article: Path) -> None:
    compiled = desk.compiled(str(article))
    assert max(sizes(compiled)) < LIGHT
    assert not any(finding.severity is Severity.ERROR for finding in compiled.findings)
