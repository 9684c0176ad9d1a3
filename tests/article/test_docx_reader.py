"""Word documents: styles, lists, tables, pictures, links, and files that are not what they claim."""

import io
import zipfile

import docx
import pytest
from docx.enum.text import WD_BREAK
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Pt

from pipeline.article.model import BlockKind
from pipeline.article.reading import read_article
from pipeline.errors import ArticleError

LONG = "This paragraph is long enough that nobody would take it for a heading of any kind at all."
GIF = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def saved(document):
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def read(document):
    return read_article(saved(document), name="a.docx")


def zipped(**parts):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name.replace("__", "/").replace("_xml", ".xml"), data)
    return stream.getvalue()


def body(inner):
    return f'<w:document xmlns:w="{WORD}"><w:body>{inner}</w:body></w:document>'


def test_styles_say_what_a_paragraph_is(kinds):
    document = docx.Document()
    for text, style in (
        ("T", "Title"),
        ("S", "Subtitle"),
        ("H", "Heading 1"),
        (LONG, None),
        ("K", "Heading 2"),
    ):
        document.add_paragraph(text, style=style)
    document.add_paragraph("Said.", style="Quote")
    document.add_paragraph("A mat.", style="Caption")
    assert kinds(read(document)) == [
        "title",
        "subtitle",
        "heading2",
        "paragraph",
        "heading3",
        "quote",
        "caption",
    ]


def test_headings_that_are_only_bold_or_larger_are_found_and_ranked_by_size(kinds):
    document = docx.Document()
    for text, size in (("The title", 20), ("First part", 16), (None, None), ("Inner part", 13), (None, None)):
        if text is None:
            document.add_paragraph(LONG)
            continue
        run = document.add_paragraph().add_run(text)
        run.bold, run.font.size = True, Pt(size)
    assert kinds(read(document)) == ["title", "heading2", "paragraph", "heading3", "paragraph"]


def test_lists_keep_numbers_nesting_and_further_paragraphs():
    document = docx.Document()
    document.add_paragraph(LONG)
    for text, style in (
        ("a", "List Number"),
        ("b", "List Number"),
        ("inner", "List Bullet 2"),
        ("on", "List Continue"),
    ):
        document.add_paragraph(text, style=style)
    items = read(document).blocks[1:]
    assert [(b.text, b.ordinal, b.depth, b.continues) for b in items] == [
        ("a", 1, 0, False),
        ("b", 2, 0, False),
        ("inner", None, 1, False),
        ("on", None, 0, True),
    ]
    assert len({block.group for block in items}) == 1


def test_typed_bullets_are_a_list():
    document = docx.Document()
    document.add_paragraph(LONG)
    for text in ("•\tyour letter", "•\ta towel"):
        document.add_paragraph(text)
    assert [(b.kind, b.text) for b in read(document).blocks[1:]] == [
        (BlockKind.LIST_ITEM, "your letter"),
        (BlockKind.LIST_ITEM, "a towel"),
    ]


def test_tables_become_rows_and_a_one_cell_table_is_only_a_frame():
    document = docx.Document()
    table = document.add_table(2, 2)
    for cell, text in zip((c for row in table.rows for c in row.cells), "abcd", strict=True):
        cell.text = text
    document.add_table(1, 1).cell(0, 0).text = LONG
    assert [(b.kind, b.text) for b in read(document).blocks] == [
        (BlockKind.TABLE_ROW, "a | b"),
        (BlockKind.TABLE_ROW, "c | d"),
        (BlockKind.PARAGRAPH, LONG),
    ]


def test_pictures_come_out_of_the_file_with_their_alt_text():
    document = docx.Document()
    document.add_paragraph(LONG)
    shape = document.add_picture(io.BytesIO(GIF))
    shape._inline.docPr.set("descr", "A blue mat")
    picture = read(document).blocks[-1].picture
    assert (picture.data, picture.media_type, picture.alt) == (GIF, "image/gif", "A blue mat")


def test_links_emphasis_and_breaks_survive():
    document = docx.Document()
    paragraph = document.add_paragraph("Read ")
    paragraph.add_run("this").italic = True
    paragraph.runs[-1].add_break(WD_BREAK.LINE)
    link = OxmlElement("w:hyperlink")
    link.set(
        qn("r:id"), document.part.relate_to("https://example.org/x", "http://x/hyperlink", is_external=True)
    )
    link.append(paragraph.add_run("online")._r)
    paragraph._p.append(link)
    document.add_paragraph(LONG)
    block = read(document).blocks[0]
    assert block.text == "Read this\nonline"
    assert [(run.emphasis, run.link) for run in block.runs] == [
        (False, None),
        (True, None),
        (False, "https://example.org/x"),
    ]


def test_deleted_words_are_gone_and_hidden_ones_listed():
    inner = (
        "<w:p><w:r><w:t>Kept.</w:t></w:r><w:del><w:r><w:delText>gone</w:delText></w:r></w:del>"
        "<w:ins><w:r><w:t> New.</w:t></w:r></w:ins>"
        "<w:r><w:rPr><w:vanish/></w:rPr><w:t>unseen</w:t></w:r></w:p>"
    )
    article = read_article(zipped(word__document_xml=body(inner)), name="a.docx")
    assert [block.text for block in article.blocks] == ["Kept. New."]
    assert [(one.text, one.reason) for one in article.left_out] == [("unseen", "hidden text")]


def test_page_headers_and_tables_of_contents_are_left_out_and_listed():
    document = docx.Document()
    document.sections[0].header.paragraphs[0].text = "Northside Clinic"
    toc = document.styles.add_style("toc 1", 1)
    document.add_paragraph("First part ... 2", style=toc)
    document.add_paragraph(LONG)
    article = read(document)
    assert [block.text for block in article.blocks] == [LONG]
    assert {(one.text, one.reason) for one in article.left_out} == {
        ("First part ... 2", "table of contents"),
        ("Northside Clinic", "page header or footer"),
    }


def test_every_paragraph_knows_its_place():
    document = docx.Document()
    document.add_paragraph(LONG)
    document.add_paragraph(LONG)
    assert [block.place for block in read(document).blocks] == ["paragraph 1", "paragraph 2"]


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.999])
def test_a_file_that_was_cut_off_is_refused(share):
    document = docx.Document()
    document.add_paragraph(LONG)
    data = saved(document)
    with pytest.raises(ArticleError, match="cannot be read"):
        read_article(data[: int(len(data) * share)], name="a.docx")


def test_a_part_that_would_fill_the_memory_is_refused_before_it_is_inflated():
    bomb = zipped(word__document_xml=b" " * (21 * 1024 * 1024))
    assert len(bomb) < 100_000
    with pytest.raises(ArticleError, match="20 MB"):
        read_article(bomb, name="a.docx")


def test_many_parts_that_would_fill_the_memory_are_refused():
    bomb = zipped(**{f"part{number}": b"0" * 10_000_000 for number in range(11)})
    with pytest.raises(ArticleError, match="100 MB"):
        read_article(bomb, name="a.docx")


def test_entities_are_neither_expanded_nor_fetched():
    xml = '<!DOCTYPE d [<!ENTITY a "bang"><!ENTITY f SYSTEM "file:///etc/hostname">]>' + body(
        "<w:p><w:r><w:t>Safe &a;&f; words</w:t></w:r></w:p>"
    )
    article = read_article(zipped(word__document_xml=xml), name="a.docx")
    assert "bang" not in article.blocks[0].text


@pytest.mark.parametrize(
    "data",
    [b"no zip at all", b"PK\x03\x04 broken", zipped(other_xml="<x/>"), zipped(word__document_xml="<broken")],
    ids=["no zip", "broken zip", "no text part", "broken xml"],
)
def test_what_is_no_word_document_is_refused_in_words(data):
    with pytest.raises(ArticleError) as refused:
        read_article(data, name="a.docx")
    assert refused.value.mend


def test_styles_that_derive_from_each_other_in_a_circle_end():
    styles = f'<w:styles xmlns:w="{WORD}">' + "".join(
        f'<w:style w:type="paragraph" w:styleId="{one}"><w:basedOn w:val="{two}"/></w:style>'
        for one, two in (("A", "B"), ("B", "A"))
    )
    inner = f'<w:p><w:pPr><w:pStyle w:val="A"/></w:pPr><w:r><w:t>{LONG}</w:t></w:r></w:p>'
    data = zipped(word__document_xml=body(inner), word__styles_xml=styles + "</w:styles>")
    assert read_article(data, name="a.docx").blocks[0].text == LONG
