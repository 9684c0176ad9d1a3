"""Lines of keys and tables in TOML text."""

import tomllib

from pipeline.series.file_lines import chunks, key_lines, place_of

TEXT = '''\
# About the file.

format = 1
title = """
[[part]]
day = 99
"""   # part = 3

# About the first part.
[[part]]  # really
title = "a = [b]"
day = 1

# Far away.

# Near.
[[part]]
"title" = 'x'
[part.calendar]
late = "skip"

[calendar]
late = "skip"
'''


def test_keys_and_tables_are_found_and_those_inside_strings_are_not() -> None:
    tomllib.loads(TEXT)
    assert key_lines(TEXT) == {
        ("format",): 3,
        ("title",): 4,
        ("part", 0): 10,
        ("part", 0, "title"): 11,
        ("part", 0, "day"): 12,
        ("part", 1): 17,
        ("part", 1, "title"): 18,
        ("part", 1, "calendar"): 19,
        ("part", 1, "calendar", "late"): 20,
        ("calendar",): 22,
        ("calendar", "late"): 23,
    }


def test_chunks_hold_every_line_once_with_the_comments_right_above_each_table() -> None:
    found = chunks(TEXT)
    lines = TEXT.split("\n")
    assert [line for chunk in found for line in lines[chunk.start : chunk.stop]] == lines
    assert [(chunk.path, lines[chunk.start]) for chunk in found] == [
        ((), "# About the file."),
        (("part", 0), "# About the first part."),
        (("part", 1), "# Near."),
        (("calendar",), "[calendar]"),
    ]


def test_windows_line_ends_change_nothing() -> None:
    assert key_lines(TEXT.replace("\n", "\r\n")) == key_lines(TEXT)


def test_a_place_counts_as_a_person_does_and_falls_back_to_the_table_around() -> None:
    lines = key_lines(TEXT)
    assert str(place_of(("part", 1, "title"), lines, "f.toml")) == "f.toml, line 18, part 2: title"
    assert str(place_of(("part", 1, "day"), lines, "f.toml")) == "f.toml, line 17, part 2: day"
    assert str(place_of(("part", 0), lines, "f.toml")) == "f.toml, line 10, part 1"
    assert str(place_of(("article",), lines, "f.toml")) == "f.toml, article"
    assert str(place_of((), lines, "f.toml")) == "f.toml"
