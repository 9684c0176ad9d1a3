import re
import socket

import pytest

from pipeline.errors import Place, TemplateError
from pipeline.rendering.inlining import DOCTYPE, inlined

HERE = Place(file="part.html")
KEPT = "@media (max-width: 9px) { p { color: #00f !important } } .b:hover { color: red !important }"


def page(body: str, css: str = "", head: str = "") -> str:
    return f"{DOCTYPE}<html><head><title>t</title><style>{css}</style>{head}</head><body>{body}</body></html>"


def test_base_rules_move_into_elements_and_kept_rules_stay_word_for_word() -> None:
    kept = f'<style data-premailer="ignore">{KEPT}</style>'
    html = inlined(page('<p class="a">x</p>', "p { color: #ffffff } .a { margin: 0 }", kept), where=HERE)
    assert '<p class="a" style="color:#ffffff; margin:0">' in html
    assert f"<style>{KEPT}</style>" in html
    assert html.count("<style") == 1
    assert html.startswith(DOCTYPE)


def test_important_survives_and_colours_keep_six_digits() -> None:
    html = inlined(page("<p>x</p>", "p { color: #ffffff !important }"), where=HERE)
    assert "#ffffff !important" in html


def test_picture_sizes_are_left_alone() -> None:
    html = inlined(
        page('<img src="cid:x" alt="" width="536" height="200">', "img { width: 100%; height: auto }"),
        where=HERE,
    )
    assert 'width="536"' in html
    assert 'height="200"' in html


def test_conditional_comments_come_through_byte_for_byte() -> None:
    ghost = '<!--[if mso]><table width="600"><tr><td><![endif]-->'
    button = '<!--[if !mso]><!--><a href="https://www.example.org">x</a><!--<![endif]-->'
    html = inlined(page(f"<div>{ghost}{button}</div>"), where=HERE)
    assert ghost in html
    assert "<!--[if !mso]><!-->" in html
    assert "<!--<![endif]-->" in html


@pytest.mark.parametrize(
    ("body", "css", "says"),
    [
        ("", '@import "https://tracker.example/a.css";', "@import"),
        ("", "p { background: url(https://tracker.example/a.png) }", "url("),
        ('<link rel="stylesheet" href="https://tracker.example/a.css">', "", "<link>"),
        ("<script>alert(1)</script>", "", "<script>"),
        ('<form action="https://x.example"></form>', "", "<form>"),
        ('<iframe src="cid:x"></iframe>', "", "<iframe>"),
        ('<img src="https://tracker.example/pixel.gif" alt="">', "", "somewhere else"),
        ('<img src="data:image/png;base64,AAAA" alt="">', "", "somewhere else"),
        ('<table background="https://x.example/a.png"></table>', "", "somewhere else"),
        ('<p onclick="x()">x</p>', "", "onclick"),
        ('<p style="background:url(https://x.example)">x</p>', "", "url("),
        ('<a href="javascript:alert(1)">x</a>', "", "javascript"),
        ("<math><mi>x</mi></math>", "", "<math>"),
        ('<p xlink:href="javascript:alert(1)">x</p>', "", "javascript"),
        ('<a href="data:text/html,x">x</a>', "", "data:"),
        ('<a href="//x.example">x</a>', "", "//x.example"),
        ('<a href="https://www.example.org" ping="https://x.example">x</a>', "", "somewhere else"),
        ('<meta http-equiv="Refresh" content="0;url=https://x.example">', "", "by itself"),
        (
            '<!--[if mso]><v:fill type="frame" src="https://x.example/a.png"><![endif]-->',
            "",
            "somewhere else",
        ),
        ('<!--[if gte mso 9]><img src="https://x.example/a.png"><![endif]-->', "", "somewhere else"),
        ('<!--[if mso]><style>@import "https://x.example/a.css";</style><![endif]-->', "", "@import"),
        ("", '@\\69mport "https://tracker.example/a.css";', "@import"),
    ],
)
def test_what_fetches_runs_or_asks_is_refused(body: str, css: str, says: str) -> None:
    with pytest.raises(TemplateError, match=re.escape(says)):
        inlined(page(body, css), where=HERE)


@pytest.mark.parametrize("start", ["<!doctype html>", "<!-- x --><!DOCTYPE html>", "<html>", ""])
def test_a_page_without_its_doctype_first_is_refused(start: str) -> None:
    with pytest.raises(TemplateError, match="begin"):
        inlined(f"{start}<html><body>x</body></html>", where=HERE)


def test_styles_that_the_inliner_cannot_read_are_one_clear_error() -> None:
    nested = "@media screen { @media (max-width: 1px) { p { color: red } } }"
    with pytest.raises(TemplateError, match="cannot be inlined"):
        inlined(page("<p>x</p>", nested), where=HERE)


def test_nothing_is_fetched_while_a_part_compiles(monkeypatch, series, frame, templates) -> None:
    from pipeline.rendering.compile import compile_edition

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    assert compile_edition(series, frame, templates).parts
