"""Templates that loop, grow or break are stopped, also when processes are killed from outside."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from pipeline.errors import TemplateError
from pipeline.rendering.compile import compile_edition
from pipeline.rendering.loader import Job
from pipeline.rendering.template_parent import Ended, ParentLostError, WarmParent
from pipeline.rendering.template_process import LimitedRunner
from pipeline.rendering.texts import catalog_for

ENDLESS = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"


@pytest.fixture(params=["forked", "new interpreter"])
def parent(request) -> Iterator[WarmParent | None]:
    """What a runner forks from, and None for a new interpreter each time."""
    if request.param != "forked":
        yield None
        return
    started = WarmParent()
    yield started
    started.close()


@pytest.fixture
def warm() -> Iterator[WarmParent]:
    started = WarmParent()
    yield started
    started.close()


def run(source, *, runner: LimitedRunner, template: str = "a.txt", **context) -> tuple[str, ...]:
    return runner(source, [Job(template=template, context=context, catalog=catalog_for("en-US", {}))])


def living(group: int) -> int:
    """How many processes of the group run; what is dead and only waits to be counted does not."""
    listed = subprocess.run(["ps", "-A", "-o", "pgid=,stat="], capture_output=True, text=True, check=True)
    rows = [line.split() for line in listed.stdout.splitlines()]
    return sum(int(row[0]) == group and not row[1].startswith("Z") for row in rows)


def wait_until(true: Callable[[], bool]) -> None:
    patience = time.monotonic() + 60
    while not true():
        assert time.monotonic() < patience
        threading.Event().wait(0.05)


def test_an_edition_is_the_same_from_the_template_process(series, frame, templates, edition, parent) -> None:
    assert compile_edition(series, frame, templates, run=LimitedRunner(parent=parent)) == edition


@pytest.mark.parametrize("body", [ENDLESS, "{{ 9 ** (9 ** 9) }}"])
def test_a_template_without_end_is_stopped_in_time(own_templates, body: str, parent) -> None:
    source = own_templates({"email/a.txt": body})
    with pytest.raises(TemplateError, match="more than 1 seconds"):
        run(source, runner=LimitedRunner(seconds=1, parent=parent))


@pytest.mark.parametrize("body", ["{{ 'x' * 900000000 }}", "{{ ['x'] * 300000000 }}"])
def test_a_template_that_needs_too_much_memory_is_stopped(own_templates, body: str, parent) -> None:
    source = own_templates({"email/a.txt": body})
    with pytest.raises(TemplateError, match="more than 300 MB of memory"):
        run(source, runner=LimitedRunner(megabytes=300, parent=parent))


def test_two_hundred_megabytes_of_output_are_refused(own_templates, parent) -> None:
    source = own_templates({"email/a.txt": "{% for a in range(2000) %}{{ text }}{% endfor %}"})
    with pytest.raises(TemplateError, match="more than 2 MB of text"):
        run(source, runner=LimitedRunner(parent=parent), text="x" * 100_000)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (ENDLESS, "more than 1 seconds"),
        ("{{ 'x' * 900000000 }}", "more than 300 MB of memory"),
    ],
)
def test_a_limit_that_was_hit_names_file_and_line(own_templates, body: str, said: str, parent) -> None:
    source = own_templates(
        {"email/a.txt": "one\n{% include 'b.txt' %}", "email/b.txt": f"two\nthree\n{body}"}
    )
    with pytest.raises(TemplateError, match=said) as error:
        run(source, runner=LimitedRunner(seconds=1, megabytes=300, parent=parent), text="x" * 100_000)
    assert (error.value.where.file, error.value.where.line) == (str(source.path("b.txt")), 3)
    assert error.value.mend


def test_too_much_text_names_file_and_line(own_templates, parent) -> None:
    source = own_templates({"email/a.txt": "one\n{% for a in range(2000) %}\n{{ text }}\n{% endfor %}"})
    with pytest.raises(TemplateError, match="more than 2 MB of text") as error:
        run(source, runner=LimitedRunner(parent=parent), text="x" * 100_000)
    assert (error.value.where.file, error.value.where.line) == (str(source.path("a.txt")), 3)


def test_errors_come_back_with_file_and_line(own_templates, parent) -> None:
    source = own_templates({"email/a.txt": "one\n{{ nobody.knows }}"})
    with pytest.raises(TemplateError, match="nobody") as error:
        run(source, runner=LimitedRunner(parent=parent))
    assert (error.value.where.file, error.value.where.line) == (str(source.path("a.txt")), 2)
    assert error.value.mend


def test_reaching_into_python_is_refused(own_templates, parent) -> None:
    source = own_templates({"email/a.txt": "{{ ''.__class__ }}"})
    with pytest.raises(TemplateError, match="may not"):
        run(source, runner=LimitedRunner(parent=parent))


def test_a_stopped_run_leaves_nothing_and_harms_no_later_one(own_templates, warm) -> None:
    runner = LimitedRunner(seconds=1, parent=warm)
    with pytest.raises(TemplateError):
        run(own_templates({"email/a.txt": ENDLESS}), runner=runner)
    assert run(own_templates({"email/a.txt": "{{ word }}"}), runner=runner, word="fine") == ("fine",)
    wait_until(lambda: living(warm.pid) == 1)


def test_runs_at_the_same_time_get_their_own_answers(own_templates, warm) -> None:
    source = own_templates({"email/a.txt": "{{ word }}"})
    runner = LimitedRunner(parent=warm)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: run(source, runner=runner, word=str(n)), range(24)))
    assert answers == [(str(n),) for n in range(24)]


def test_a_parent_that_was_killed_is_replaced_with_all_that_it_left_running(own_templates, warm) -> None:
    runner = LimitedRunner(parent=warm)
    fine = own_templates({"email/a.txt": "{{ word }}", "email/endless.txt": ENDLESS})
    assert run(fine, runner=runner, word="one") == ("one",)
    first = warm.pid
    with ThreadPoolExecutor(1) as pool:
        stuck = pool.submit(run, fine, runner=_Asking(parent=warm), template="endless.txt")
        wait_until(lambda: living(first) == 3)
        os.kill(first, signal.SIGKILL)
        assert run(fine, runner=runner, word="two") == ("two",)
        with pytest.raises(ParentLostError):
            stuck.result()
    assert warm.pid != first
    assert living(first) == 0


class _Asking(LimitedRunner):
    """Without the second way, so that a lost parent can be seen."""

    def _ended(self, order: bytes, patience: float) -> Ended:
        return self.parent.ask(order, patience=patience)


def test_without_a_parent_a_new_interpreter_does_the_run(own_templates) -> None:
    class Lost(WarmParent):
        def ask(self, order: bytes, *, patience: float) -> Ended:
            raise ParentLostError

    source = own_templates({"email/a.txt": "{{ word }}"})
    assert run(source, runner=LimitedRunner(parent=Lost()), word="fine") == ("fine",)


def test_when_we_are_killed_parent_and_children_end_with_us(own_templates) -> None:
    source = own_templates({"email/a.txt": ENDLESS})
    program = f"""
import threading
from pathlib import Path
from pipeline.rendering import template_process as t
from pipeline.rendering.loader import Job, TemplateSource
from pipeline.rendering.texts import catalog_for
source = TemplateSource(tuple(map(Path, {[str(each) for each in source.folders]!r})))
jobs = [Job(template="a.txt", context={{}}, catalog=catalog_for("en-US", {{}}))]
threading.Thread(target=t.LimitedRunner(seconds=60), args=(source, jobs), daemon=True).start()
while t._PARENT.pid is None:
    threading.Event().wait(0.01)
print(t._PARENT.pid, flush=True)
threading.Event().wait()
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as asking:
        group = int(asking.stdout.readline())
        wait_until(lambda: living(group) == 3)
        asking.kill()
    wait_until(lambda: living(group) == 0)


def test_ending_as_usual_leaves_nothing_and_says_nothing(own_templates) -> None:
    source = own_templates({"email/a.txt": "{{ 1 }}"})
    program = f"""
from pathlib import Path
from pipeline.rendering import template_process as t
from pipeline.rendering.loader import Job, TemplateSource
from pipeline.rendering.texts import catalog_for
source = TemplateSource(tuple(map(Path, {[str(each) for each in source.folders]!r})))
print(*t.LimitedRunner()(source, [Job(template="a.txt", context={{}}, catalog=catalog_for("en-US", {{}}))]))
print(t._PARENT.pid)
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=False
    )
    output, group = done.stdout.split()
    assert (done.returncode, done.stderr, output) == (0, "", "1")
    assert living(int(group)) == 0
