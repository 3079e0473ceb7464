"""Files that grow, as parts."""

import random
from pathlib import Path
from typing import Any

import pytest
from sacred_objects.bucket import BucketAwayError
from sacred_objects.parts import Parts, PartsReader


class Growing:
    """A file and its parts."""

    def __init__(self, bucket: Any, tmp_path: Path) -> None:
        self.path = tmp_path / "file"
        self.path.touch()
        self.parts = Parts(bucket, "p/", self.path)

    def write(self, data: bytes, start: int | None = None) -> None:
        content = self.path.read_bytes()
        start = len(content) if start is None else start
        self.path.write_bytes(content[:start] + data)
        self.parts.mark_changed(start)


@pytest.mark.parametrize("seed", range(20))
def test_what_was_sent_is_what_is_joined(bucket: Any, tmp_path: Path, seed: int) -> None:
    """What was sent is what is joined, whatever is appended, replaced, cut off, or sent again after
    an error.
    """
    draw = random.Random(seed)
    growing, follower = Growing(bucket, tmp_path), PartsReader(bucket)
    for _ in range(150):
        size = growing.path.stat().st_size
        start = draw.choice([None, None, None, max(0, size - draw.randrange(20)), 0])
        growing.write(draw.randbytes(draw.randrange(30)), start)
        bucket.is_away = draw.random() < 0.2
        if bucket.is_away:
            with pytest.raises(BucketAwayError):
                growing.parts.send()
        else:
            growing.parts.send()
            assert PartsReader(bucket).join("p/") == growing.path.read_bytes()
            if draw.random() < 0.5:
                assert follower.join("p/") == growing.path.read_bytes()
        bucket.is_away = False


def test_there_are_few_parts_and_each_byte_is_sent_a_few_times(bucket: Any, tmp_path: Path) -> None:
    """There are few parts and each byte is sent a few times, of a file that grew 5,000 times."""
    growing = Growing(bucket, tmp_path)
    most = 0
    for _ in range(5_000):
        with growing.path.open("ab") as file:
            file.write(b"0123456789")
        growing.parts.mark_changed(growing.path.stat().st_size - 10)
        growing.parts.send()
        most = max(most, len(bucket.objects))
    assert most <= 31 + 31 + 4
    assert bucket.sent <= 3 * 50_000
    assert PartsReader(bucket).join("p/") == b"0123456789" * 5_000


def test_parts_that_were_merged_and_not_removed_do_no_harm(bucket: Any, tmp_path: Path) -> None:
    """A process may be killed between the two."""
    growing = Growing(bucket, tmp_path)
    everything = {}
    for number in range(40):
        growing.write(f"{number} ".encode())
        growing.parts.send()
        everything.update(bucket.objects)
    bucket.objects.update(everything)
    assert len(bucket.objects) == 40
    assert PartsReader(bucket).join("p/") == growing.path.read_bytes()


def test_a_part_that_goes_while_it_is_read_is_noticed(bucket: Any, tmp_path: Path) -> None:
    """The reader must ask again."""
    growing = Growing(bucket, tmp_path)
    growing.write(b"text")
    growing.parts.send()
    bucket.get = lambda key: None
    assert PartsReader(bucket).join("p/") is None


def test_a_reader_that_follows_fetches_new_parts_only(
    bucket: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each call lists the parts, and fetches those that it does not have."""
    growing, follower = Growing(bucket, tmp_path), PartsReader(bucket)
    fetched: list[str] = []
    get = bucket.get
    monkeypatch.setattr(bucket, "get", lambda key, *a: (fetched.append(key), get(key, *a))[1])
    for number in range(1, 31):
        growing.write(b"line\n")
        growing.parts.send()
        assert follower.join("p/") == follower.join("p/") == b"line\n" * number
        assert len(fetched) == number


def test_a_reader_does_not_remember_more_than_some_files(
    bucket: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file that was not read for the longest time is fetched again."""
    for name in "abc":
        bucket.put(f"{name}/00000000-00000000-000000000000", b"x" * 10)
    reader = PartsReader(bucket, most_bytes=25)
    fetched: list[str] = []
    get = bucket.get
    monkeypatch.setattr(bucket, "get", lambda key, *a: (fetched.append(key[0]), get(key, *a))[1])
    for name in "abcba":
        assert reader.join(f"{name}/") == b"x" * 10
    assert fetched == ["a", "b", "c", "a"]
