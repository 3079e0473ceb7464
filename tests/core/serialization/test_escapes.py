"""Tests of escapes for characters that a store cannot have."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sacred_core.serialization import SURROGATES, encodable, escape, unescape

UNSAFE = re.compile(rf"%(?=25|00|u[0-9A-F]{{4}})|\0|{SURROGATES}")
ESCAPES = re.compile(r"%(25|00|u[0-9A-F]{4})")
UNSAFE_NAME = re.compile(rf"%(?=u[0-9A-F]{{4}})|{SURROGATES}")
ESCAPES_OF_NAMES = re.compile(r"%(u[0-9A-F]{4})")
STRINGS = st.text(st.one_of(st.sampled_from("%u0025DC\0\ud800\udfffa"), st.characters()))


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("100 % of ü", "100 % of ü"),
        ("a\0b", "a%00b"),
        ("caf\udce9", "caf%uDCE9"),
        ("%00 %41 %uD800 %ud800", "%2500 %41 %25uD800 %ud800"),
    ],
)
def test_unsafe_characters_are_escaped(text: str, escaped: str) -> None:
    """A percent sign is escaped only where it would look like an escape."""
    assert escape(text, UNSAFE) == escaped
    assert unescape(escaped, ESCAPES) == text


def test_ascii_may_be_escaped_in_the_long_form() -> None:
    """Names of files have one form of escapes."""
    assert escape("%uD800 \udce9", UNSAFE_NAME, only_unicode=True) == "%u0025uD800 %uDCE9"


@given(STRINGS)
def test_escapes_are_reversible(text: str) -> None:
    """Every string is returned as it was, and what is stored has an encoding."""
    assert unescape(escape(text, UNSAFE), ESCAPES) == text
    name = escape(text, UNSAFE_NAME, only_unicode=True)
    assert unescape(name, ESCAPES_OF_NAMES) == text
    assert name.encode() and "\0" not in escape(text, UNSAFE) if text else name == ""


def test_encodable_escapes_halves_of_surrogate_pairs() -> None:
    """Any other string is returned as it is."""
    assert (encodable("a\ud800ü"), encodable("ü\0"), encodable("a")) == ("a\\ud800ü", "ü\0", "a")
