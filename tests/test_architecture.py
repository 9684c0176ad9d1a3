"""The shape of the code: what CONTRIBUTING.md promises about modules and functions."""

import ast
import statistics
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "pipeline"
MODULES = sorted(PACKAGE.rglob("*.py"))
NAMES = [str(path.relative_to(PACKAGE)) for path in MODULES]
FORBIDDEN_NAMES = {"utils.py", "common.py", "helpers.py"}


def functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its docstring, as the bar of CONTRIBUTING.md counts them."""
    docstring = ast.get_docstring(node, clean=False)
    inside = len(docstring.splitlines()) if docstring else 0
    return (node.end_lineno or node.lineno) - node.lineno + 1 - inside


@pytest.mark.parametrize("path", MODULES, ids=NAMES)
def test_every_module_opens_with_what_it_is_in_charge_of_and_fits_in_300_lines(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(text)), "the module has no docstring"
    assert text.count("\n") <= 300
    assert path.name not in FORBIDDEN_NAMES


@pytest.mark.parametrize("path", MODULES, ids=NAMES)
def test_no_function_is_longer_than_a_glance(path: Path) -> None:
    assert [f"{node.name}: {length(node)}" for node in functions(path) if length(node) > 50] == []


def test_most_functions_are_short() -> None:
    lengths = sorted(length(node) for path in MODULES for node in functions(path))
    assert statistics.median(lengths) <= 8
    assert lengths[int(len(lengths) * 0.9)] <= 25


def test_folders_are_two_levels_deep_at_most() -> None:
    deeper = [name for name in NAMES if name.count("/") > 1]
    assert [name for name in deeper if not name.startswith("store/migrations/")] == []
