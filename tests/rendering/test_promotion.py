import pytest

from pipeline.rendering.promotion import promotional_words


@pytest.mark.parametrize(
    ("text", "language", "words"),
    [
        ("Now 20% off, book now!", "en-US", ("20% off", "book now")),
        (
            "30 % de descuento por tiempo limitado",
            "es-US",
            ("30 % de descuento", "por tiempo limitado"),
        ),
        ("A special offer", "en-GB", ("special offer",)),
        ("You need not buy anything. Lift 5% less. A garage sale is a good walk.", "en-US", ()),
        ("Book now", "fr-FR", ()),
        ("", "en-US", ()),
    ],
)
def test_words_that_sell_are_found_and_everyday_words_are_not(text: str, language: str, words) -> None:
    assert promotional_words(text, language) == words
