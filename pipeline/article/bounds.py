"""How large an article may be, so that no file can keep the machine busy or fill its memory.

In charge of: the limits and their errors. Not in charge of: limits of one format (``docx_package``,
``html_reader``).
"""

from pipeline.errors import ArticleError, Place

#: Bytes of the file.
LARGEST_FILE = 10 * 1024 * 1024
#: Letters, about 330,000 words: three long novels.
LONGEST_TEXT = 2_000_000
#: Lines or paragraphs; 100,000 words of patient text have about 5,000.
MOST_BLOCKS = 15_000


def check_file(data: bytes, *, name: str) -> None:
    """Raises ``ArticleError`` where ``data`` is empty or larger than 10 MB."""
    if not data:
        raise ArticleError(
            "The article is empty.", where=Place(file=name), mend="save it again with its text"
        )
    if len(data) > LARGEST_FILE:
        raise ArticleError(
            f"The article is larger than {LARGEST_FILE // 1024 // 1024} MB.",
            where=Place(file=name),
            mend="split it, or make its pictures smaller",
        )


def check_text(letters: int, *, name: str) -> None:
    """Raises ``ArticleError`` for more than 2,000,000 letters."""
    if letters > LONGEST_TEXT:
        raise _too_long(f"The article is longer than {LONGEST_TEXT:,} letters.", name)


def check_blocks(count: int, *, name: str) -> None:
    """Raises ``ArticleError`` for more than 15,000 lines or paragraphs."""
    if count > MOST_BLOCKS:
        raise _too_long(f"The article has more than {MOST_BLOCKS:,} paragraphs.", name)


def _too_long(what: str, name: str) -> ArticleError:
    return ArticleError(what, where=Place(file=name), mend="split it into several articles")
