"""Compare sacred-core with Sacred and with other tools: ``python -m benchmarks``."""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.comparing import NOT_OFFERED, Answer, ask
from benchmarks.environments import OURS, SACRED, prepare
from benchmarks.measuring import ROOT, machine_facts, package_versions
from benchmarks.questions import (
    COMPARED_WITH_PEERS,
    COMPARED_WITH_SACRED,
    LONG,
    QUESTIONS,
    Question,
)
from benchmarks.reporting import report, to_json
from benchmarks.subjects import PEERS

ROUNDS = 9


def main(arguments: Sequence[str]) -> None:
    """Measure, and print the tables."""
    parser = _parser()
    options = parser.parse_args(arguments)
    questions = choose(options.only, options.peers is not None, options.long)
    if not questions:
        parser.error(f"no question begins with {' or '.join(options.only)}; see --list")
    if options.list:
        print("\n".join(f"{each.name:22} {each.title}" for each in questions))
        return
    peers = PEERS if options.peers in (None, "") else options.peers.split(",")
    if unknown := {*peers} - {*PEERS}:
        parser.error(f"unknown tools: {', '.join(sorted(unknown))}; known: {', '.join(PEERS)}")
    asks_peers = any(each.function for each in questions)
    pythons = prepare([OURS, SACRED, *(peers if asks_peers else ())], options.environments)
    if options.prepare:
        return
    facts = machine_facts(pythons[OURS])
    versions = {name: package_versions(python) for name, python in pythons.items()}
    answers: list[Answer] = []
    for question in questions:
        answers.append(_ask(question, pythons, options.rounds))
        text = report(answers, facts)
        if options.markdown:
            options.markdown.write_text(text)
        if options.json:
            data = to_json(answers, facts, versions)
            options.json.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n")
    print(text, end="")


def choose(only: Sequence[str], with_peers: bool, with_long: bool) -> list[Question]:
    """Return the questions of a call.

    Args:
        only: Names or the beginnings of names; empty for all.
        with_peers: Whether those for other tools are asked, and those for Sacred alone are not.
        with_long: Whether those that take minutes are asked, too.
    """
    if only:
        return [each for name, each in QUESTIONS.items() if name.startswith(tuple(only))]
    chosen = COMPARED_WITH_PEERS if with_peers else COMPARED_WITH_SACRED
    return [*chosen, *(LONG if with_long else ())]


def _ask(question: Question, pythons: dict[str, Path], rounds: int) -> Answer:
    start = time.monotonic()
    answer = ask(question, pythons, rounds)
    taken = time.monotonic() - start
    failed = "".join(
        f"; {name}: failed" for name, reason in answer.failures.items() if reason != NOT_OFFERED
    )
    print(f"{question.name}: {taken:.0f} s{failed}", file=sys.stderr, flush=True)
    return answer


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("benchmarks", description=__doc__)
    add = parser.add_argument
    add("--only", action="append", default=[], metavar="QUESTION", help="or its beginning; repeat")
    add("--peers", nargs="?", const="", metavar="NAMES", help="ask other tools (A,B; else all)")
    add("--long", action="store_true", help="also ask the questions that take minutes")
    add("--rounds", type=_positive, default=ROUNDS, help=f"figures of each ({ROUNDS})")
    add("--json", type=Path, metavar="FILE", help="write all figures to FILE after each question")
    add("--markdown", type=Path, metavar="FILE", help="write the tables to FILE")
    add("--list", action="store_true", help="list the questions")
    add("--prepare", action="store_true", help="only create the environments")
    default = ROOT / ".nox" / "bench" / "environments"
    add("--environments", type=Path, default=default, metavar="FOLDER", help="reused if it exists")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, got {text}")
    return number
