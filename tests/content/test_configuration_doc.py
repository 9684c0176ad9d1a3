"""docs/configuration.md names every key of config.toml, with its true default and an example that works."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, get_args, get_origin

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from pipeline.config import parse_config
from pipeline.sections.whole import Config

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")


class Row(NamedTuple):
    meaning: str
    default: str
    example: str


class Key(NamedTuple):
    field: FieldInfo
    #: The key belongs to an entry of a list of tables: it has no single place in a file.
    in_list: bool


ROWS = {
    found[1]: Row(*(cell.strip() for cell in found[2].split(" | ")))
    for found in re.finditer(r"^\| `([a-z_.]+)` \| (.+) \|$", TEXT, re.MULTILINE)
}


def model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for inner in get_args(annotation) if (model := model_in(inner))), None)


def keys_of(model: type[BaseModel], prefix: str = "", *, in_list: bool = False) -> Iterator[tuple[str, Key]]:
    for name, field in model.model_fields.items():
        if field.exclude:
            continue
        inner = model_in(field.annotation)
        lists_tables = inner is not None and get_origin(field.annotation) is tuple
        if inner is None or lists_tables:
            yield prefix + name, Key(field, in_list)
        if inner is not None:
            yield from keys_of(inner, f"{prefix}{name}.", in_list=in_list or lists_tables)


KEYS = dict(keys_of(Config))


def toml_value(cell: str) -> Any:
    assert re.fullmatch(r"`[^`]+`", cell), f"{cell!r} is not a value between backticks"
    return tomllib.loads(f"value = {cell.strip('`')}")["value"]


def test_every_key_of_the_configuration_is_documented() -> None:
    assert sorted(set(KEYS) - set(ROWS)) == []


def test_no_key_is_documented_that_does_not_exist() -> None:
    assert sorted(set(ROWS) - set(KEYS)) == []


@pytest.mark.parametrize("key", sorted(KEYS.keys() & ROWS.keys()))
def test_the_default_is_the_one_that_the_program_uses(key: str) -> None:
    field, written = KEYS[key].field, ROWS[key].default
    if field.is_required():
        assert written == "**required**"
        return
    default = field.get_default(call_default_factory=True)
    if default is None:
        assert written == "*none*"
        return
    value = toml_value(written)
    assert (tuple(value) if isinstance(value, list) else value) == default


def test_all_examples_together_make_a_configuration_that_is_accepted() -> None:
    lines = [f"{key} = {ROWS[key].example.strip('`')}" for key in KEYS if not KEYS[key].in_list]
    config = parse_config("\n".join(lines), name="examples", folder=ROOT)
    assert config.provider.http is not None
    assert config.schedule.closings


def test_each_example_shows_something_other_than_the_default() -> None:
    assert [key for key, row in ROWS.items() if row.example == row.default] == []


def test_each_meaning_is_written_out() -> None:
    assert [key for key, row in ROWS.items() if len(row.meaning.split()) < 3] == []


def test_every_key_of_the_config_file_that_comes_with_the_product_is_among_them() -> None:
    shipped = tomllib.loads((ROOT / "config.toml").read_text(encoding="utf-8"))
    used = {f"{section}.{key}" for section, keys in shipped.items() for key in keys}
    assert sorted(used - set(ROWS)) == []
