"""Bad input gets one clear message with place and mend, an exit code, and leaves nothing half-written."""

import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from pipeline.app.files import BUNDLED
from pipeline.web.server import bind
from tests.cli.conftest import Ended, Run, contents


def is_one_clear_message(ended: Ended, *, where: str, mend: bool = True) -> None:
    assert ended.code in {1, 2}
    assert ended.err.startswith("error: ")
    assert ended.err.count("error: ") == 1
    assert f"  where: {where}" in ended.err
    assert not mend or "  mend:  " in ended.err
    assert ended.out.strip() == ""


CONFIGS = [
    ("[sending]", "[sending]\ntick_second = 3", "tick_seconds"),
    ("tick_seconds = 30", 'tick_seconds = "soon"', "sending.tick_seconds"),
    ("America/Chicago", "America/Chigaco", "did you mean 'America/Chicago'?"),
    ("#1f6f6b", "#1f6f6", "brand.colour"),
    ("#1f6f6b", "teal", "brand.colour"),
    ("#1f6f6b", "#ffff00", "the nearest colour that works"),
    ('time_zone = "America/Chicago"', "", "clinic.time_zone"),
    ('subdivision = "TX"', 'subdivision = "TZ"', "clinic.subdivision"),
    ("send_time = 09:00:00", "send_time = 20:00:00", "schedule.send_time"),
    ('weekdays = ["mon", "tue", "wed", "thu", "fri"]', "weekdays = []", "schedule.weekdays"),
    ("staff_port = 8620", "staff_port = 86200", "web.staff_port"),
    ("[brand]", "[brand", "not valid TOML"),
    ('from_name = "Riverbend Clinic"', 'from_name = "Riverbend\\nBcc: all"', "sender.from_name"),
]


@pytest.mark.parametrize("command", [("config", "check"), ("status",)], ids=" ".join)
@pytest.mark.parametrize(("good", "bad", "says"), CONFIGS, ids=[bad or "(removed)" for _, bad, _ in CONFIGS])
def test_a_wrong_config_names_file_key_and_mend_and_no_command_starts(
    run: Run, clinic: Path, command, good: str, bad: str, says: str
) -> None:
    config = clinic / "config.toml"
    text = config.read_text(encoding="utf-8")
    assert good in text
    config.write_text(text.replace(good, bad), encoding="utf-8")
    before = contents(clinic)

    ended = run(*command)

    is_one_clear_message(ended, where="config.toml")
    assert ended.code == 2
    assert says in ended.err
    assert contents(clinic) == before


@pytest.mark.parametrize("url", ["nonsense", "mysql://host/x", "sqlite://", "postgresql://host:port/x"])
def test_a_database_address_that_cannot_be_used_is_refused_before_anything_is_opened(
    run: Run, clinic: Path, url: str
) -> None:
    settings = clinic / "config.toml"
    settings.write_text(settings.read_text("utf-8").replace("sqlite:///pipeline.db", url), "utf-8")
    before = contents(clinic)

    ended = run("config", "check")

    is_one_clear_message(ended, where="database.url")
    assert ended.code != 0
    assert contents(clinic) == before


def test_a_right_config_is_said_to_be_right(run: Run, clinic: Path) -> None:
    ended = run("config", "check")

    assert (ended.code, ended.err) == (0, "")
    assert "is right" in ended.out


@pytest.mark.parametrize(
    "words",
    [("status",), ("calendar",), ("dispatch",), ("halt",), ("run",), ("audit", "verify"), ("user", "list"),
     ("import", "p.csv", "--wording", "x"), ("config", "check")],
    ids=" ".join,
)  # fmt: skip
def test_outside_a_clinics_folder_every_command_says_where_to_go(run: Run, folder: Path, words) -> None:
    ended = run(*words)

    is_one_clear_message(ended, where="config.toml")
    assert "pipeline init" in ended.err
    assert contents(folder) == {}


def test_a_config_that_is_a_folder_or_no_text_is_refused(run: Run, folder: Path) -> None:
    (folder / "config.toml").mkdir()
    is_one_clear_message(run("status"), where="config.toml")
    (folder / "binary.toml").write_bytes(bytes(range(256)))
    is_one_clear_message(run("--config", "binary.toml", "status"), where="binary.toml")


ARTICLES = {
    "missing.md": None,
    "empty.md": b"",
    "blank.md": b" \n\n\t\n",
    "binary.md": bytes(range(256)) * 20,
    "huge.txt": b"words and words \n" * 3_000_000,
    "article.pdf": b"%PDF-1.7 ...",
}


@pytest.mark.parametrize(("name", "data"), ARTICLES.items(), ids=ARTICLES)
@pytest.mark.parametrize("words", [("split",), ("split", "--write"), ("check",)], ids=" ".join)
def test_an_article_that_cannot_be_read_is_refused_and_nothing_is_written(
    run: Run, clinic: Path, name: str, data: bytes | None, words
) -> None:
    if data is not None:
        (clinic / name).write_bytes(data)
    before = contents(clinic)

    ended = run(*words, name)

    place = name if data is not None else ""
    is_one_clear_message(ended, where=place)
    assert contents(clinic) == before


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("missing.csv", None),
        ("empty.csv", b""),
        ("picture.csv", b"\x89PNG\r\n\x1a\n" + bytes(200)),
        ("columns.csv", b"name,phone\nAna,1\n"),
        ("letter.csv", b"%PDF-1.7"),
    ],
)
def test_a_patients_file_that_cannot_be_read_at_all_is_refused(
    run: Run, running_clinic: Path, name: str, data: bytes | None
) -> None:
    if data is not None:
        (running_clinic / name).write_bytes(data)

    ended = run("import", name, "--wording", "intake-1", "--apply")

    is_one_clear_message(ended, where=name)


def test_broken_rows_are_each_named_with_row_and_column_and_the_good_ones_go_in(
    run: Run, running_clinic: Path
) -> None:
    source = BUNDLED / "content" / "patients" / "with-errors.csv"

    ended = run("import", source, "--wording", "intake-1", "--apply", "--json")

    assert ended.code == 1
    told = ended.json
    assert told["rows"] + len(told["errors"]) == len(source.read_text(encoding="utf-8").splitlines()) - 1
    assert all(each["row"] > 1 and each["column"] and each["message"] for each in told["errors"])
    assert told["added"] == told["rows"] > 0
    assert run("import", source, "--wording", "intake-1", "--apply", "--json").json["added"] == 0


def test_enrolling_in_a_series_that_nobody_approved_brings_nobody_in(run: Run, clinic: Path) -> None:
    source = BUNDLED / "content" / "patients" / "sample.csv"

    ended = run("import", source, "--wording", "intake-1", "--series", "first-weeks", "--apply")

    assert ended.code == 1
    assert "no approved edition" in ended.err
    again = run("import", source, "--wording", "intake-1", "--json")
    assert again.json["added"] == again.json["rows"], "they are all still new"


def test_a_template_with_an_unknown_word_is_named_with_file_and_line(run: Run, clinic: Path) -> None:
    own = clinic / "templates" / "email"
    own.mkdir(parents=True)
    part = (BUNDLED / "templates" / "email" / "part.html").read_text(encoding="utf-8")
    (own / "part.html").write_text(part + "\n{{ patient_diagnosis }}\n", encoding="utf-8")

    for words in (("check", "first-weeks"), ("render", "first-weeks", "--out", "out")):
        ended = run(*words)
        is_one_clear_message(ended, where=str(own / "part.html"))
        assert re.search(rf"part\.html, line {part.count(chr(10)) + 2}\b", ended.err)
        assert "patient_diagnosis" in ended.err
        assert not (clinic / "out").exists()


@pytest.mark.parametrize("port", ["staff_port = 8620", "public_port = 8621"])
def test_a_busy_port_is_named_before_anything_is_sent(run: Run, running_clinic: Path, port: str) -> None:
    config = running_clinic / "config.toml"
    key = port.partition(" ")[0]
    with closing(bind("127.0.0.1", 0)) as taken, closing(bind("127.0.0.1", 0)) as other:
        number, free = taken.getsockname()[1], other.getsockname()[1]
        text = config.read_text(encoding="utf-8").replace(port, f"{key} = {number}")
        config.write_text(text.replace("staff_port = 8620", f"staff_port = {free}"), encoding="utf-8")
        if key == "public_port":
            other.close()
        before = run("status", "--json").json
        ended = run("run")

    is_one_clear_message(ended, where="web.staff_port or web.public_port")
    assert f"Port {number}" in ended.err
    assert run("status", "--json").json == before


#: A file stands where a folder would have to be, or the system makes no folder there: tests may run as root.
UNWRITABLE = ["a-file/below", "/proc/below"]


@pytest.mark.parametrize("place", UNWRITABLE)
@pytest.mark.parametrize(
    "words", [("init",), ("demo", "--folder"), ("render", "first-weeks", "--out")], ids=lambda words: words[0]
)
def test_a_folder_that_cannot_be_written_is_named(run: Run, clinic: Path, words, place: str) -> None:
    (clinic / "a-file").write_text("not a folder", encoding="utf-8")
    before = contents(clinic)

    ended = run(*words, place)

    is_one_clear_message(ended, where=place)
    assert contents(clinic) == before


def with_database(clinic: Path, url: str) -> None:
    config = clinic / "config.toml"
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("sqlite:///pipeline.db", url), encoding="utf-8")


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("sqlite:////proc/below/pipeline.db", "cannot be opened"),
        ("sqlite:///a-file/pipeline.db", "cannot be opened"),
        ("mysql://clinic@localhost/clinic", "Only SQLite and PostgreSQL"),
        ("not an address", "not a database address"),
        ("sqlite://", "needs a file"),
    ],
)
def test_a_database_that_cannot_be_is_told_with_its_key_or_file(
    run: Run, clinic: Path, url: str, says: str
) -> None:
    (clinic / "a-file").write_text("not a folder", encoding="utf-8")
    with_database(clinic, url)

    ended = run("status")

    assert says in ended.err
    is_one_clear_message(ended, where="")


def test_a_file_that_is_no_database_is_told_and_left_alone(run: Run, running_clinic: Path) -> None:
    database = running_clinic / "pipeline.db"
    database.write_bytes(b"a letter, not a database\n" * 100)

    ended = run("status")

    is_one_clear_message(ended, where=str(database))
    assert database.read_bytes().startswith(b"a letter")


def test_another_programs_database_is_left_alone(run: Run, running_clinic: Path) -> None:
    database = running_clinic / "pipeline.db"
    database.unlink()
    with closing(sqlite3.connect(database)) as other:
        other.execute("CREATE TABLE appointments (id)")
        other.commit()

    ended = run("status")

    is_one_clear_message(ended, where=str(database))
    assert "another program" in ended.err


def test_a_database_of_a_newer_version_is_told_and_left_alone(run: Run, running_clinic: Path) -> None:
    database = running_clinic / "pipeline.db"
    with closing(sqlite3.connect(database)) as newer:
        newer.execute("UPDATE alembic_version SET version_num = '9999'")
        newer.commit()

    ended = run("status")

    is_one_clear_message(ended, where=str(database))
    assert "newer version" in ended.err
    with closing(sqlite3.connect(database)) as after:
        assert after.execute("SELECT version_num FROM alembic_version").fetchall() == [("9999",)]


def test_data_without_its_keys_is_an_error_and_no_new_key_is_made(run: Run, running_clinic: Path) -> None:
    (running_clinic / "keys.json").unlink()

    is_one_clear_message(run("status"), where=str(running_clinic / "keys.json"))

    assert not (running_clinic / "keys.json").exists()


def test_a_broken_key_file_is_told_without_its_content(run: Run, running_clinic: Path) -> None:
    keys = running_clinic / "keys.json"
    secret = keys.read_text(encoding="utf-8")[:-20]
    keys.write_text(secret, encoding="utf-8")

    ended = run("status")

    is_one_clear_message(ended, where=str(keys))
    assert not any(word in ended.err for word in re.findall(r"[A-Za-z0-9+/=]{20,}", secret))


def test_the_real_command_ends_with_the_same_code_and_words(clinic: Path) -> None:
    """The others run inside the test; this one is a process of its own."""
    command = [sys.executable, "-m", "pipeline", "--config", "nowhere.toml", "status"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd=clinic)

    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("error: There is no config.toml here.\n  where: nowhere.toml\n  mend:")


def test_the_demo_never_takes_over_a_real_clinics_folder(run: Run, running_clinic: Path) -> None:
    before = contents(running_clinic)

    ended = run("demo", "--folder", running_clinic)

    is_one_clear_message(ended, where=str(running_clinic / "config.toml"))
    assert contents(running_clinic) == before
