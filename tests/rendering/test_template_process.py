import pytest

from pipeline.errors import TemplateError
from pipeline.rendering.compile import compile_edition
from pipeline.rendering.loader import Job
from pipeline.rendering.template_process import LimitedRunner
from pipeline.rendering.texts import catalog_for


def run(source, *, runner: LimitedRunner, **context) -> tuple[str, ...]:
    return runner(source, [Job(template="a.txt", context=context, catalog=catalog_for("en-US", {}))])


def test_an_edition_is_the_same_from_the_template_process(series, frame, templates, edition) -> None:
    assert compile_edition(series, frame, templates, run=LimitedRunner()) == edition


@pytest.mark.parametrize(
    "body",
    [
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "{{ 9 ** (9 ** 9) }}",
    ],
)
def test_a_template_without_end_is_stopped_in_time(own_templates, body: str) -> None:
    source = own_templates({"email/a.txt": body})
    with pytest.raises(TemplateError, match="more than 1 seconds"):
        run(source, runner=LimitedRunner(seconds=1))


@pytest.mark.parametrize("body", ["{{ 'x' * 900000000 }}", "{{ ['x'] * 300000000 }}"])
def test_a_template_that_needs_too_much_memory_is_stopped(own_templates, body: str) -> None:
    source = own_templates({"email/a.txt": body})
    with pytest.raises(TemplateError, match="more than 300 MB of memory"):
        run(source, runner=LimitedRunner(megabytes=300))


def test_two_hundred_megabytes_of_output_are_refused(own_templates) -> None:
    source = own_templates({"email/a.txt": "{% for a in range(2000) %}{{ text }}{% endfor %}"})
    with pytest.raises(TemplateError, match="more than 2 MB of text"):
        run(source, runner=LimitedRunner(), text="x" * 100_000)


def test_errors_come_back_with_file_and_line(own_templates) -> None:
    source = own_templates({"email/a.txt": "one\n{{ nobody.knows }}"})
    with pytest.raises(TemplateError, match="nobody") as error:
        run(source, runner=LimitedRunner())
    assert (error.value.where.file, error.value.where.line) == (str(source.path("a.txt")), 2)
    assert error.value.mend
