from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sk_ensemble.cli._text import one_line, several_lines

# Control, format, surrogate, line and paragraph separators.
HARMFUL = {"Cc", "Cs", "Zl", "Zp"}
BIDIRECTIONAL = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


@given(st.text(st.characters(exclude_categories=[])))
def test_nothing_is_left_that_moves_hides_or_reorders_text(text):
    shown = one_line(text)
    assert not {unicodedata.category(c) for c in shown} & HARMFUL
    assert not {unicodedata.bidirectional(c) for c in shown} & BIDIRECTIONAL


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"])))
def test_visible_text_stays_as_it_is(text):
    assert one_line(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("A\nERROR: forged", r"A\nERROR: forged"),
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("abc\u202etxt.exe", r"abc\u202etxt.exe"),
        ("\udc80", r"\udc80"),
        ("Größe 5 %", "Größe 5 %"),
    ],
)
def test_what_is_harmful_is_shown_as_an_escape(text, shown):
    assert one_line(text) == shown


@given(st.lists(st.text(), min_size=1))
def test_only_the_first_line_of_a_message_begins_at_the_margin(lines):
    shown = several_lines("\n".join(lines)).split("\n")
    assert all(line.startswith("  ") for line in shown[1:])
