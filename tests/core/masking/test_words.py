"""Tests of the search for words in long texts."""

import functools
import random

import pytest

from sacred_core.masking import known, mask_text
from sacred_core.masking.formats import header_spans, pem_spans, token_spans
from sacred_core.masking.secret_names import secret_names
from sacred_core.masking.words import Words
from sacred_core.testing.secret_samples import ORDINARY_TEXTS, TEXTS, SecretText

LINES = {"ascii": "line 1\n" * 1000, "letters": "línea ✓\n" * 1000, "large": "🙂 1\n" * 2000}


@pytest.mark.parametrize("lines", LINES.values(), ids=LINES)
@pytest.mark.parametrize("sample", TEXTS, ids=lambda sample: sample.secret[:12])
def test_a_secret_in_a_long_text_is_masked(sample: SecretText, lines: str) -> None:
    """It is masked as in a short text, also if nothing else in the text has its characters."""
    assert mask_text(f"{lines}{sample.text}\n{lines}") == f"{lines}{sample.stored}\n{lines}"


@pytest.mark.parametrize("lines", LINES.values(), ids=LINES)
@pytest.mark.parametrize("text", ORDINARY_TEXTS)
def test_a_long_text_without_secrets_stays(text: str, lines: str) -> None:
    """It is returned unchanged, as a short text is."""
    assert mask_text(f"{lines}{text}\n") == f"{lines}{text}\n"


@pytest.mark.parametrize(
    "value", ["Qz7!Qz7!Qz7!", "schlüssel-ÄÖ-7", "K3y-\u212a3y-K3y", "7-7-7-\u0130"]
)
def test_a_known_value_in_a_long_text_is_masked(value: str) -> None:
    """Also one whose characters are not ASCII, or become ASCII in lower case."""
    known.note(value)
    for lines in LINES.values():
        assert mask_text(f"{lines}it is {value}\n") == f"{lines}it is ***\n"


@pytest.mark.parametrize("seed", range(20))
def test_words_are_found_whatever_their_case(seed: int) -> None:
    """A long text contains a word if it contains it in lower case, for any characters."""
    rng = random.Random(seed)
    letters = rng.sample("abekKBTto\u212a\u0130iI é✓🙂\ud800", 6)
    text = "".join(rng.choices(letters, k=5000))
    words = Words(text)
    for _ in range(200):
        word = "".join(rng.choices("abekotié✓", k=rng.randint(1, 5)))
        assert words.contain(word) == (word in words.lowered)
        assert words.may_contain(word) or not words.contain(word)


class CountedBytes(bytes):
    """Bytes that note what is searched in them."""

    searched: list[bytes]

    def __contains__(self, item: object) -> bool:
        assert isinstance(item, bytes)
        self.searched.append(item)
        return super().__contains__(item)


class CountedWords(Words):
    """Words whose searches are noted."""

    @functools.cached_property
    def data(self) -> bytes:
        data = CountedBytes(super().data)
        data.searched = self.searched = []
        return data


@pytest.mark.parametrize(
    ("text", "expected"), [("line 123\n", 0), ("pa s:d\n", 1), ("yek-pus\n", 1)]
)
def test_a_long_text_is_searched_once_for_each_word(text: str, expected: int) -> None:
    """Words of which a character is missing are not searched, and no character or word twice."""
    words = CountedWords(text * 1000)
    for _ in range(2):
        spans = [*token_spans(words), *header_spans(words), *pem_spans(words)]
        assert spans == []
        assert not any(map(words.contain, secret_names().triggers))
    searches = words.searched
    assert len(searches) == len(set(searches))
    assert len([each for each in searches if len(each) > 1]) == expected
