"""``pipeline render``: files for a sample patient, never for a real one."""

from pathlib import Path

from pipeline.app.samples import SAMPLE_PATIENTS
from tests.cli.conftest import Run


def test_it_writes_every_part_for_the_sample_patient_that_was_named(run: Run, clinic: Path) -> None:
    ended = run("render", "first-weeks", "--out", "out", "--patient", "braces", "--json")

    assert ended.code == 0
    answer = ended.json
    written = {str(path) for path in Path("out").iterdir()}
    assert {str(Path(each)) for each in answer["files"]} == written
    assert {Path(each).suffix for each in written} == {".html", ".txt", ".eml"}
    assert answer["patient"] == "braces"
    for path in Path("out").glob("*.txt"):
        assert "Hello {{7*7}}," in path.read_text(encoding="utf-8")


def test_another_patient_is_refused_with_the_list_and_nothing_is_written(run: Run, clinic: Path) -> None:
    ended = run("render", "first-weeks", "--out", "out", "--patient", "P-1001")

    assert ended.code == 1
    assert "never written to files" in ended.err
    assert all(each.id in ended.err for each in SAMPLE_PATIENTS)
    assert not Path("out").exists()
