"""What is made from files is made again when one of them was saved, however an editor saves."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.app import watching
from pipeline.app.watching import Watched, looking
from pipeline.errors import EnvironmentRefusedError, SeriesError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "article.md"
    path.write_text("one")
    return path


def reading(*files: Path) -> Watched[list[str]]:
    """Makes a new list of what the files hold."""
    return Watched(lambda: [path.read_text() for path in files], lambda _made: files)


def test_it_is_made_once_while_nothing_changes(file: Path) -> None:
    source = reading(file)
    first, version = source(), source.version
    assert source() is first
    assert source.version == version


def save_in_place(path: Path) -> None:
    path.write_text("two")


def save_by_renaming(path: Path) -> None:
    (path.parent / "new").write_text("two")
    (path.parent / "new").replace(path)


def save_by_removing_first(path: Path) -> None:
    path.unlink()
    path.write_text("two")


@pytest.mark.parametrize("save", [save_in_place, save_by_renaming, save_by_removing_first])
def test_a_save_shows_at_the_next_look_and_changes_the_version(
    file: Path, save: Callable[[Path], None]
) -> None:
    source = reading(file)
    assert source() == ["one"]
    version = source.version
    save(file)
    assert source() == ["two"]
    assert source.version != version


def test_an_error_is_raised_at_every_look_until_a_file_changes(file: Path) -> None:
    made: list[int] = []

    def make() -> str:
        made.append(1)
        if file.read_text() == "one":
            raise SeriesError("It is broken.")
        return "mended"

    source = Watched(make, lambda _made: [file])
    for _ in range(3):
        with pytest.raises(SeriesError, match="It is broken"):
            source()
    assert len(made) == 1
    file.write_text("two")
    assert source() == "mended"


def test_a_file_that_is_away_for_a_moment_is_an_error_in_words_and_comes_back(file: Path) -> None:
    source = reading(file)
    assert source() == ["one"]
    file.unlink()
    with pytest.raises(EnvironmentRefusedError, match="could not be read just now"):
        source()
    file.write_text("two")
    assert source() == ["two"]


def test_a_file_that_only_the_result_names_is_watched_from_then_on(tmp_path: Path, file: Path) -> None:
    picture = tmp_path / "picture.png"
    source = Watched(
        lambda: (file.read_text(), picture.exists()), lambda made: [file] if made is None else [file, picture]
    )
    assert source() == ("one", False)
    version = source.version
    assert source() == ("one", False)
    assert source.version == version, "knowing of it is no change"
    picture.write_bytes(b"PNG")
    assert source() == ("one", True)


def test_half_a_file_is_not_shown_while_it_is_being_written(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = reading(file)
    source()
    pieces = iter(["two and th", "two and three"])

    def write_on(_seconds: float) -> None:
        file.write_text(next(pieces, "two and three"))

    monkeypatch.setattr(watching.time, "sleep", write_on)
    file.write_text("two")
    version = source.version
    assert source() == ["two and three"]
    assert source.version == f"{version.partition('-')[0]}-{int(version.partition('-')[2]) + 1}"


def test_another_start_has_another_version(file: Path) -> None:
    first, second = reading(file), reading(file)
    assert first() == second()
    assert first.version != second.version


def test_a_thread_looks_by_itself_and_survives_what_goes_wrong(file: Path) -> None:
    def make() -> str:
        text = file.read_text()
        if text == "bad":
            raise RuntimeError("a fault of ours")
        return text

    source = Watched(make, lambda _made: [file])
    source()

    def changed_after(text: str) -> bool:
        version = source.version
        file.write_text(text)
        patience = time.monotonic() + 60
        while source.version == version and time.monotonic() < patience:
            threading.Event().wait(0.005)
        return source.version != version

    with looking(source, every=0.01):
        assert changed_after("bad")
        assert changed_after("good again")
    assert source() == "good again"
    assert [each for each in threading.enumerate() if each.name == "watch"] == []
