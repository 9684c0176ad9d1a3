"""From an article's path to a series, an edition and files, as an author's commands do it."""

import shutil
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.app.authoring import Desk, SeriesFiles
from pipeline.app.settings import sample_settings
from pipeline.cli.main import app
from pipeline.errors import PipelineError, SeriesError
from pipeline.series.report import coverage

ROOT = Path(__file__).parent.parent.parent
SHARED = ROOT.parent / "shared" / "data"
REAL = sorted(SHARED.glob("article/*.txt")) + sorted(SHARED.glob("articles/*.docx"))


@pytest.fixture
def desk() -> Desk:
    return Desk.open(sample_settings())


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A series of an author's own: the sample article in a folder that can be written."""
    return shutil.copytree(ROOT / "content" / "first-weeks", tmp_path / "my-series")


def test_a_series_is_found_by_name_by_folder_and_by_article(desk: Desk, own: Path) -> None:
    assert desk.find("first-weeks").name == "first-weeks"
    assert desk.find(str(own)) == desk.find(str(own / "series.toml"))
    assert desk.find(str(own / "article.md")) == SeriesFiles(name="my-series", article=own / "article.md")


def test_an_unknown_series_names_those_that_are_there(desk: Desk) -> None:
    with pytest.raises(SeriesError, match="first-weeks"):
        desk.find("no-such-series")


def test_the_sample_series_is_what_its_file_says_and_has_no_error(desk: Desk) -> None:
    compiled = desk.compiled("first-weeks")
    assert coverage(compiled.series)["ok"]
    assert [part.day for part in compiled.series.parts] == list(desk.config.schedule.days)
    assert [finding for finding in compiled.findings if finding.severity == "error"] == []


def test_the_same_input_gives_the_same_edition(desk: Desk) -> None:
    assert desk.compiled("first-weeks").edition == desk.compiled("first-weeks").edition


def test_a_hand_edit_of_series_toml_survives_a_new_split(desk: Desk, own: Path) -> None:
    path = own / "series.toml"
    path.write_text(path.read_text().replace('title = "New ways to move"', 'title = "Moving" # shorter'))
    files = desk.find(str(own))
    desk.save(files, desk.draft(files))
    assert 'title = "Moving" # shorter' in path.read_text()
    assert desk.series(files).parts[2].title == "Moving"


def test_a_preview_compiles_again_only_when_a_file_changed(desk: Desk, own: Path) -> None:
    source = desk.previewing(str(own))
    first = source()
    assert source() is first
    article = own / "article.md"
    article.write_text(article.read_text().replace("New ways to move", "Other ways to move"))
    path = own / "series.toml"
    path.write_text(path.read_text().replace("New ways to move", "Other ways to move"))
    assert source().edition.sha256 != first.edition.sha256


def test_a_picture_outside_the_articles_folder_is_not_read(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes((ROOT / "content/first-weeks/pictures/walking.png").read_bytes())
    folder = tmp_path / "series"
    folder.mkdir()
    words = "word " * 80
    (folder / "article.md").write_text(
        f"# Title\n\n## One\n\n{words}\n\n![x](../secret.png)\n\n## Two\n\n{words}\n"
    )
    compiled = desk.compiled(str(folder), parts=2)
    assert all(part.pictures == () for part in compiled.edition.parts)


@pytest.mark.parametrize("article", REAL, ids=lambda path: path.name)
def test_a_real_article_becomes_five_parts_and_fifteen_files(article: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["render", str(article), "--parts", "5", "--out", str(tmp_path)])
    assert result.exit_code == 0, result.output
    assert {path.suffix for path in tmp_path.iterdir()} == {".html", ".txt", ".eml"}
    messages = sorted(tmp_path.glob("*.eml"))
    for path in messages:
        message = message_from_bytes(path.read_bytes(), policy=policy.default)
        assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        plain, html = message.get_body(("plain",)), message.get_body(("html",))
        assert plain is not None
        assert html is not None
        assert path.with_suffix(".txt").read_text().split() == plain.get_content().split()
    assert len(messages) == 5


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("article.txt", b""),
        ("article.txt", b"\x00\x01\x02" * 400),
        ("article.pdf", b"%PDF-1.7"),
        ("a.docx", b"PK\x03"),
    ],
)
def test_an_article_that_cannot_be_read_is_refused_in_words(
    desk: Desk, tmp_path: Path, name: str, content: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(PipelineError) as caught:
        desk.compiled(str(path))
    assert caught.value.where is not None
    assert caught.value.mend or caught.value.what


def test_an_article_of_fifty_megabytes_is_refused_before_it_is_read(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "article.txt"
    with path.open("wb") as file:
        file.truncate(50_000_000)
    with pytest.raises(PipelineError, match="50 MB"):
        desk.compiled(str(path))
