"""Files are whole or as they were, and the machine's refusals are words."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pipeline.app.files import make_folder, only_one, read_bytes, write_whole
from pipeline.errors import EnvironmentRefusedError, NotAllowedError


def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    path, size = tmp_path / "clock.txt", 200_000
    write_whole(path, "a" * size)
    seen: set[str] = set()
    over = threading.Event()

    def read() -> None:
        while not over.is_set():
            text = path.read_text(encoding="utf-8")
            seen.add(f"{len(text)}{text[0]}{text[-1]}")

    reader = threading.Thread(target=read)
    reader.start()
    for letter in "bcdefghijk":
        write_whole(path, letter * size)
    over.set()
    reader.join()

    assert {each[:-2] for each in seen} == {str(size)}
    assert all(each[-1] == each[-2] for each in seen)
    assert list(tmp_path.iterdir()) == [path], "no temporary file is left"


def test_what_cannot_be_written_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()

    with pytest.raises(EnvironmentRefusedError, match="cannot be written"):
        write_whole(tmp_path / "target", "text")

    assert [each.name for each in tmp_path.iterdir()] == ["target"]
    with pytest.raises(EnvironmentRefusedError, match="cannot be made"):
        make_folder(Path("/proc/below"))


@pytest.mark.parametrize("size", [9, 10, 11])
def test_a_file_larger_than_the_limit_is_not_read(tmp_path: Path, size: int) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(b"x" * size)

    if size <= 10:
        assert len(read_bytes(path, limit=10)) == size
    else:
        with pytest.raises(EnvironmentRefusedError, match="at most"):
            read_bytes(path, limit=10)


def test_missing_files_and_folders_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentRefusedError, match="no such file"):
        read_bytes(tmp_path / "list.csv", limit=10**6)
    with pytest.raises(EnvironmentRefusedError, match="a folder, not a file"):
        read_bytes(tmp_path, limit=10**6)


def test_only_one_holds_the_lock_and_a_dead_process_lets_go_of_it(tmp_path: Path) -> None:
    lock = tmp_path / ".lock"
    code = (
        "import os, sys; from pathlib import Path; from pipeline.app.files import only_one\n"
        f"with only_one(Path({str(lock)!r}), what='A demo'):\n print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout.readline() == "held\n"
        with (
            pytest.raises(NotAllowedError, match="A demo is running in this folder already"),
            only_one(lock, what="A demo"),
        ):
            pass
        other.kill()
        other.wait()
    with only_one(lock, what="A demo"):
        assert lock.exists()


@pytest.mark.parametrize(("private", "rights"), [(True, 0o600), (False, 0o644)])
def test_what_names_patients_is_for_nobody_else_to_read(
    tmp_path: Path, *, private: bool, rights: int
) -> None:
    file = tmp_path / "list.csv"
    write_whole(file, "P-1001", private=private)
    assert file.stat().st_mode & 0o777 == rights
