"""Only addresses that an email may carry."""

import pytest

from pipeline.article.links import safe_link, with_bare_links
from pipeline.article.model import Run


@pytest.mark.parametrize(
    "address",
    ["https://example.org/a?b=c#d", "HTTP://example.org", "mailto:desk@example.org", "tel:+15550142"],
)
def test_web_mail_and_telephone_addresses_are_kept(address):
    assert safe_link(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "java\nscript:alert(1)",
        " javascript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "ftp://example.org",
        "/about",
        "#top",
        "page.html",
        "//example.org/x",
        "https://",
        "https://exa mple.org",
        "mailto:",
        "",
        None,
        "https://example.org/" + "a" * 3000,
    ],
)
def test_every_other_address_is_taken_away(address):
    assert safe_link(address) is None


def test_a_break_hidden_in_an_address_is_taken_out_before_it_is_judged():
    assert safe_link("https://example.org/\na") == "https://example.org/a"


def test_bare_addresses_are_linked_and_no_letter_changes():
    runs = (
        Run(text="See (https://example.org/a), or "),
        Run(text="https://example.org/b", link="https://x.org"),
    )
    linked = with_bare_links(runs)
    assert "".join(run.text for run in linked) == "".join(run.text for run in runs)
    assert [run.link for run in linked] == [None, "https://example.org/a", None, "https://x.org"]
