"""Tests that masking takes time in proportion to the length of a text, whatever is in it."""

import gc
import time

import pytest

from sacred_core.masking import known, mask_text, unfinished_secret
from sacred_core.masking.words import Words

PIECES = [
    "password=", "password='", 'password=\\"', "password" + " " * 8, "password=,a", "password: [",
    "passwords=['a',", "password: {'", "password: (", "token", "token=", "'cookie: ",
    "authorization: ", "x" * 63 + "_password", "api_key:", "://", "a://b:", "://x:@", "://a:b@",
    "://?a=", "://h?a=&", "://a:1,", "://hooks.a/a/", "://a/webhook/1", "a.", "a+", "eyJ-", "sk-",
    "ghp_" + "a" * 15 + "-", "glpat-" + "a" * 10, "SG." + "a" * 20, "AKIA" + "A" * 16 + " ",
    "bearer ", "basic A", "-----BEGIN PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----A",
    "-----BEGIN ", "-----END ", "private key", " ", "\\", '"', "\n", ",", "a", "\u0130",
]  # fmt: skip
#: Of the longer text.
LENGTH = 250_000


def seconds(text: str) -> float:
    """Return the processor's time for a text, the least of several."""
    least = 60.0
    for _ in range(3):
        start = time.process_time()
        mask_text(text)
        unfinished_secret(text)
        least = min(least, time.process_time() - start)
    return least


@pytest.mark.parametrize("piece", PIECES, ids=repr)
def test_a_hostile_text_takes_linear_time(piece: str) -> None:
    """A text takes about 8 times as long as its eighth; with the square it would be 64 times."""
    known.note("a-secret-1")
    short, long = (piece * (size // len(piece)) for size in (LENGTH // 8, LENGTH))
    assert seconds(long) < 24 * seconds(short) + 0.05


@pytest.mark.parametrize("text", ["a line", "a line\n" * 10_000, "✓ password=1\n" * 10_000])
def test_a_text_that_was_masked_does_not_wait_for_the_garbage_collector(text: str) -> None:
    """Nothing refers in a circle to the text, which may be a large piece of output."""
    gc.collect()
    gc.disable()
    try:
        mask_text(text)
        unfinished_secret(text)
        assert not [each for each in gc.get_objects() if type(each) is Words]
    finally:
        gc.enable()
