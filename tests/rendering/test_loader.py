import pytest

from pipeline.errors import TemplateError
from pipeline.rendering.compile import compile_edition
from pipeline.rendering.loader import OUTPUT_LIMIT, Job, TemplateSource, run_here
from pipeline.rendering.texts import catalog_for


def run(source: TemplateSource, template: str, **context) -> str:
    job = Job(template=template, context=context, catalog=catalog_for("en-US", {}))
    return run_here(source, [job])[0]


def test_html_is_escaped_and_text_is_not(own_templates) -> None:
    source = own_templates({"email/a.html": "{{ x }}", "email/a.txt": "{{ x }}"})
    assert run(source, "a.html", x="<b> & '") == "&lt;b&gt; &amp; &#39;"
    assert run(source, "a.txt", x="<b> & '") == "<b> & '"


def test_values_in_translated_texts_are_escaped_too(own_templates) -> None:
    source = own_templates({"email/a.html": '{{ _("Call %(phone)s", phone=x) }}'})
    assert run(source, "a.html", x="<script>") == "Call &lt;script&gt;"


def test_a_clinics_file_wins_and_the_others_stay_bundled(own_templates, templates) -> None:
    source = own_templates({"email/next.html": "ours"})
    assert source.text("next.html") == "ours"
    assert source.text("part.html") == templates.text("part.html")


@pytest.mark.parametrize(
    ("body", "line", "says"),
    [
        ("one\n{{ patient.diagnosis }}", 2, "'patient' is undefined"),
        ("one\ntwo\n{{ clinic.fax }}", 3, "fax"),
        ("{% for x in %}", 1, "does not parse"),
        ("one\n{% if x %}", 2, "does not parse"),
        ("one\n{{ ''.__class__ }}", 2, "may not do|is not there"),
        ("{{ ''.__class__.__mro__[1].__subclasses__() }}", 1, "may not do|is not there"),
        ("{{ clinic.name.__init__.__globals__ }}", 1, "may not do|is not there"),
        ("{{ [1].append(2) }}", 1, "may not do"),
        ('{{ "{0.__class__}".format(1) }}', 1, "may not do|is not there|__class__"),
        ("{{ 1 / 0 }}", 1, "ZeroDivisionError"),
        ('\n{% include "gone.html" %}', 2, "gone.html"),
    ],
)
def test_a_template_error_names_the_file_and_the_line(own_templates, body: str, line: int, says: str) -> None:
    source = own_templates({"email/next.html": body})
    with pytest.raises(TemplateError, match=says) as error:
        run(source, "next.html", clinic={"name": "Riverbend"})
    assert error.value.where.file == str(source.path("next.html"))
    assert error.value.where.line == line


def test_an_error_in_an_included_file_names_that_file(own_templates, series, frame) -> None:
    source = own_templates({"email/footer.html": "<p>\n\n{{ nobody.knows }}</p>"})
    with pytest.raises(TemplateError) as error:
        compile_edition(series, frame, source)
    assert error.value.where.file == str(source.path("footer.html"))
    assert error.value.where.line == 3


@pytest.mark.parametrize(
    "name",
    ["/etc/passwd", "../../../../../../etc/passwd", "../email/../../../etc/passwd", "..//..//etc/passwd"],
)
@pytest.mark.parametrize("how", ['{{% include "{}" %}}', '{{% import "{}" as x %}}', '{{% extends "{}" %}}'])
def test_a_file_outside_the_templates_is_not_there(own_templates, name: str, how: str) -> None:
    source = own_templates({"email/next.html": how.format(name)})
    with pytest.raises(TemplateError, match="There is no template") as error:
        run(source, "next.html")
    assert error.value.where.file == str(source.path("next.html"))
    assert "root:" not in str(error.value)


def test_output_without_end_is_cut_off(own_templates) -> None:
    source = own_templates({"email/a.txt": "{% for x in range(99999) %}{{ y }}{% endfor %}"})
    with pytest.raises(TemplateError, match="more than 2 MB"):
        run(source, "a.txt", y="x" * (OUTPUT_LIMIT // 50_000))


def test_a_missing_template_says_where_it_was_looked_for(tmp_path) -> None:
    with pytest.raises(TemplateError, match=r"part\.html") as error:
        TemplateSource((tmp_path,)).text("part.html")
    assert error.value.where.file == str(tmp_path)


def test_a_template_that_is_not_utf8_is_refused_in_words(own_templates, tmp_path) -> None:
    source = own_templates({"email/styles.css": "x"})
    (tmp_path / "email" / "styles.css").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(TemplateError, match="cannot be read"):
        source.text("styles.css")


def test_a_template_that_is_not_utf8_is_told_in_words(own_templates) -> None:
    source = own_templates({"email/next.html": "x"})
    source.path("next.html").write_bytes(b"\xff\xfe<p>")
    with pytest.raises(TemplateError, match="not UTF-8") as error:
        run(source, "next.html")
    assert "UTF-8" in error.value.mend
