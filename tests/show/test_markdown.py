"""Markdown, read by markdown-it: a parser that is not ours."""

import re
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from betacli.errors import safe
from betacli.show.formats import Screen, render

PLAIN = Screen(width=None, colour=False, unicode=True)
FIXTURES_ARE_FROZEN = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def inline(text: str):
    """Return the children of every inline token of a Markdown text."""
    return [child for token in PARSER.parse(text) for child in token.children or ()]


def cells(text: str) -> list[list[str]]:
    """Return the rows of every table of a Markdown text as its reader sees them."""
    rows: list[list[str]] = []
    for token in PARSER.parse(text):
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline" and token.level > 3:
            rows[-1].append("".join(child.content for child in token.children or ()))
    return rows


def test_md_of_a_basket(report):
    """The whole of a report in Markdown, as it would be mailed."""
    assert render(report, "md", PLAIN) == (Path(__file__).parent / "basket.md").read_text("utf-8")


def test_md_tables_have_their_columns(report, hostile):
    """No text can add a cell to a row or end a table."""
    for each in (report, hostile):
        rows = cells(render(each, "md", PLAIN))
        legs = len(each.data.legs)
        assert [len(row) for row in rows] == [2] * 4 + [7] * (legs + 2) + [2] * 2


def test_md_shows_foreign_text_as_it_is(hostile):
    """A reader sees the very characters of a name, and nothing of it formats, links or runs."""
    text = render(hostile, "md", PLAIN)
    shown = cells(text)[5 : 5 + len(hostile.data.legs)]
    for leg, row in zip(hostile.data.legs, shown, strict=True):
        assert row[0] == row[1] == row[6] == safe(leg.base)
    kinds = {token.type for token in inline(text)}
    assert kinds <= {"text", "text_special", "softbreak", "strong_open", "strong_close", "code_inline"}
    blocks = {token.type.removesuffix("_open").removesuffix("_close") for token in PARSER.parse(text)}
    assert blocks <= {
        *(
            "heading",
            "paragraph",
            "inline",
            "bullet_list",
            "list_item",
            "table",
            "thead",
            "tbody",
            "tr",
            "th",
            "td",
        ),
    }


def test_md_leaves_no_bare_links(hostile):
    """GitHub makes links of bare addresses; none of those from outside is one, outside code."""
    outside_code = re.sub(r"`[^`]*`", "", render(hostile, "md", PLAIN))
    assert not re.search(r"https?://|www\.", outside_code)


def test_md_notices_keep_the_names_they_quote(report):
    """What a notice sets between backticks is code, as its author meant it."""
    code = [token.content for token in inline(render(report, "md", PLAIN)) if token.type == "code_inline"]
    assert code == ["ETH", "max_weight"]


@given(
    texts=st.lists(
        st.text(st.characters() | st.sampled_from("`*_[]<>&|\\~#!-=+:/. \n")), min_size=1, max_size=4
    )
)
@FIXTURES_ARE_FROZEN
def test_md_is_inert_for_any_text(with_text, texts):
    """Any text at all is shown as it is in a cell, and formats nothing in a notice."""
    each = with_text(texts)
    text = render(each, "md", PLAIN)
    shown = cells(text)[5 : 5 + len(each.data.legs)]
    assert [row[0] for row in shown] == [safe(leg.base) for leg in each.data.legs]
    kinds = {token.type for token in inline(text)}
    assert kinds <= {"text", "text_special", "strong_open", "strong_close", "code_inline"}
