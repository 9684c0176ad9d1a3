import pytest

from pipeline.errors import Place, TemplateError
from pipeline.rendering.colours import palette
from pipeline.rendering.styles import load_styles, refuse_fetching

COLOURS = palette("#1f6f6b")


def test_named_colours_become_plain_ones(own_templates) -> None:
    source = own_templates({"email/styles.css": "p { color: var(--ink); background: var( --dark-card ) }"})
    styles = load_styles(source, COLOURS, right_to_left=False)
    assert styles.inlined == f"p {{ color: {COLOURS['ink']}; background: {COLOURS['dark-card']} }}"


def test_an_unknown_colour_names_line_and_nearest(own_templates) -> None:
    source = own_templates({"email/styles.css": "a {}\n\np { color: var(--inc) }"})
    with pytest.raises(TemplateError) as error:
        load_styles(source, COLOURS, right_to_left=False)
    assert error.value.where.line == 3
    assert "var(--ink)" in error.value.mend


def test_dark_rules_are_written_once_and_kept_for_both_kinds_of_client(own_templates) -> None:
    source = own_templates({"email/dark.css": "/* night */ p, .a { color: #ffffff; border-color: #000000 }"})
    styles = load_styles(source, COLOURS, right_to_left=False)
    night = "color: #ffffff !important; border-color: #000000 !important"
    assert "@media (prefers-color-scheme: dark) {\np, .a { " + night in styles.kept
    assert styles.hacks.startswith("[data-ogsc] p, [data-ogsb] p, [data-ogsc] .a, [data-ogsb] .a {")
    assert night in styles.hacks
    assert "data-ogsc" not in styles.kept, "Gmail drops a whole block for one selector it dislikes"


def test_right_to_left_changes_sides_also_in_shorthands(own_templates) -> None:
    css = "p { text-align: left; margin: 1px 2px 3px 4px; padding-left: 5px; border-right: 6px }"
    source = own_templates({"email/styles.css": css})
    mirrored = load_styles(source, COLOURS, right_to_left=True).inlined
    assert (
        mirrored == "p { text-align: right; margin: 1px 4px 3px 2px; padding-right: 5px; border-left: 6px }"
    )


@pytest.mark.parametrize("name", ["styles.css", "head.css", "dark.css"])
@pytest.mark.parametrize(
    "css",
    [
        '@import "https://tracker.example/x.css";',
        "@IMPORT url(x)",
        "p { background: url(https://tracker.example/x.png) }",
        "p { background: URL( 'x' ) }",
        "@font-face { src: url(x.woff) }",
        "p { background: image-set('x.png' 1x) }",
        "p { background: src('x.png') }",
        "p { width: expression(alert(1)) }",
        "p {} </style><script>",
        "@\\69 mport 'https://tracker.example/x.css';",
        "@\\000069MPORT 'x';",
        "p { background: u\\72l(x) }",
        "p { background: \\u\\r\\l(x) }",
    ],
)
def test_whatever_would_fetch_or_break_out_is_refused_with_its_line(
    own_templates, name: str, css: str
) -> None:
    source = own_templates({f"email/{name}": f"a {{}}\n{css}\nb {{}}\n"})
    with pytest.raises(TemplateError) as error:
        load_styles(source, COLOURS, right_to_left=False)
    assert error.value.where.file == str(source.path(name))
    assert error.value.where.line == 2


def test_a_comment_may_speak_of_imports() -> None:
    refuse_fetching("/* no @import here, no url() */ p {}", where=Place(file="x"))
