"""What a series asks for that its emails cannot show: a language without word lists.

In charge of: these findings. Not in charge of: the calendar (``schedule``) or the lists (``series``).
"""

from collections.abc import Iterator

from pipeline.rendering.findings import finding
from pipeline.rendering.model import Finding
from pipeline.series.health_words import knows_health_words
from pipeline.series.model import Series


def check_series(series: Series) -> Iterator[Finding]:
    """Findings about the series as a whole."""
    if not knows_health_words(series.language):
        yield finding(
            "reveals-unchecked",
            f"No list of words that reveal health is there for {series.language!r}.",
            "let a native speaker read every subject and preheader for words about health",
            place=f"series.toml, language = {series.language!r}",
        )
