"""Wrong observers and stores: each fails the one rule that names its fault, and no other.

`test_memory.py` shows that the reference breaks none.
"""

import tempfile
import threading
import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import attrs
import pytest

from sacred_core.context import run_of_context
from sacred_core.exceptions import StoreError
from sacred_core.observers.delivering import delivering, named_arguments
from sacred_core.stores import RunStore
from sacred_core.stores.claims import IdRequest
from sacred_core.testing import Memory, MemoryObserver, MemoryStore, StoreContract
from sacred_core.testing.effort import VARIABLE, examples
from sacred_core.testing.event_driver import START

from .schemes import memory_scheme


class StoresTheRealConfig(MemoryObserver):
    def started_event(self, config: Any, **fields: Any) -> Any:
        run = run_of_context()
        real = dict(run.config) if run is not None else config
        return super().started_event(config=real, **fields)


class DoublesOutput(MemoryObserver):
    def append_output(self, text: str, offset: int) -> bool:
        return super().append_output(text, len(self.record.output) if self.record else 0)


class WritesAllOutputAgain(MemoryObserver):
    def append_output(self, text: str, offset: int) -> bool:
        is_stored = super().append_output(text, offset)
        with tempfile.TemporaryFile() as file:
            file.write(self.record.output.encode("utf-8", "replace") if self.record else b"")
        return is_stored


class DoublesPoints(MemoryObserver):
    def append_points(self, metrics: Any, starts: Any) -> bool:
        known = {} if self.record is None else self.record.metrics
        ends = {name: len(known[name]["steps"]) if name in known else 0 for name in metrics}
        return super().append_points(metrics, ends)


class ForgetsEarlierPoints(MemoryObserver):
    def append_points(self, metrics: Any, starts: Any) -> bool:
        if self.record is not None:
            self.record.metrics.clear()
        return super().append_points(metrics, dict.fromkeys(metrics, 0))


class OverwritesTakenId(MemoryObserver):
    def claim_run(self, run: Any, request: Any) -> Any:
        self.memory.runs.pop(request.asked_id, None)
        return super().claim_run(run, request)


class NeverTakesOver(MemoryObserver):
    def claim_run(self, run: Any, request: Any) -> Any:
        other_id = None if request.asked_id in self.memory.runs else request.other_id
        return super().claim_run(run, IdRequest(other_id=other_id))


class IgnoresAskedId(MemoryObserver):
    def claim_run(self, run: Any, request: Any) -> Any:
        is_new = request.asked_id is not None and request.asked_id not in self.memory.runs
        return super().claim_run(run, IdRequest() if is_new else request)


class TellsNoId(MemoryObserver):
    def started_event(self, _id: Any, **fields: Any) -> Any:
        answer = super().started_event(_id=_id, **fields)
        return answer if len(self.memory.runs) > 1 or _id is not None else None


class SharesIds(MemoryObserver):
    def claim_run(self, run: Any, request: Any) -> Any:
        run_id = super().claim_run(run, request)
        return 31 if request.other_id == 31 else run_id


class LosesTheTrace(MemoryObserver):
    def failed_event(self, **fields: Any) -> None:
        super().failed_event(**{**fields, "fail_trace": sorted(fields["fail_trace"])})


class LosesTheResultOfBeats(MemoryObserver):
    def heartbeat_event(
        self, info: Any, captured_out: Any = None, beat_time: Any = None, result: Any = None
    ) -> None:
        super().heartbeat_event(info, None, beat_time, None)


class RoundsNumbers(MemoryObserver):
    def started_event(self, *args: Any, **fields: Any) -> Any:
        fields = named_arguments("started_event", args, fields)
        config = {k: int(v) if v == 3.0 and type(v) is float else v
                  for k, v in fields["config"].items()}  # fmt: skip
        return super().started_event(**{**fields, "config": config})


class TakesAskedIdAsArgument(MemoryObserver):
    asked: Any = None

    def started_event(  # type: ignore[override]
        self, ex_info: Any, command: Any, host_info: Any, start_time: Any, config: Any,
        meta_info: Any, _id: Any, asked_id: Any = None,
    ) -> Any:  # fmt: skip
        self.asked = asked_id
        return super().started_event(
            ex_info, command, host_info, start_time, config, meta_info, _id
        )

    def claim_run(self, run: Any, request: Any) -> Any:
        return super().claim_run(run, request._replace(asked_id=self.asked))


class TakesStartsAsArgument(MemoryObserver):
    def log_metrics(self, metrics_by_name: Any, info: Any = None, starts: Any = None) -> None:
        starts = starts or {}
        self.append_points(metrics_by_name, {n: starts.get(n, 0) for n in metrics_by_name})


class KeepsTheFirstArtifact(MemoryObserver):
    def artifact_event(self, name: str, filename: str, **details: Any) -> None:
        if self.record is not None and ("artifact", name) not in self.record.files:
            super().artifact_event(name, filename, **details)


class FlattensNames(MemoryObserver):
    def artifact_event(self, name: str, filename: str, **details: Any) -> None:
        super().artifact_event(Path(name).name, filename, **details)


class ReplacesNan(MemoryObserver):
    def log_metrics(self, metrics_by_name: Any, info: Any = None) -> None:
        super().log_metrics(metrics_by_name, info)
        for metric in self.record.metrics.values() if self.record else ():
            metric["values"][:] = [value if value == value else 0.0 for value in metric["values"]]


class WritesAfterTheEnd(MemoryObserver):
    def join(self) -> None:
        if self.record is not None:
            self.record.run.meta["joined"] = self.record.run.meta.get("joined", 0) + 1


class FailsAfterAnUnfinishedRun(MemoryObserver):
    def started_event(self, *args: Any, **fields: Any) -> Any:
        running = self.record is not None and self.record.run.recorded_status == "RUNNING"
        assert not running, "busy"
        return super().started_event(*args, **fields)


class ShowsItsPassword(MemoryObserver):
    def __repr__(self) -> str:
        return "ShowsItsPassword('db://ann:hunter2@host')"


class HasAnUnknownEvent(MemoryObserver):
    def start_event(self, **fields: Any) -> None: ...


class ServesOneThread(MemoryObserver):
    def __init__(self, memory: Memory) -> None:
        super().__init__(memory)
        self.thread = threading.get_ident()

    def output_event(self, text: str, offset: int) -> None:
        assert threading.get_ident() == self.thread, "another thread"
        super().output_event(text, offset)


class HasNoLocation(MemoryObserver):
    store_location = property(lambda self: None, lambda self, value: None)  # type: ignore[assignment]


class HasAnUnknownScheme(MemoryObserver):
    store_location = property(lambda self: "memroy://", lambda self, value: None)  # type: ignore[assignment]


class CannotJoinTwice(MemoryObserver):
    joined: Any = None

    def join(self) -> None:
        assert self.record is None or self.joined is not self.record, "joined before"
        self.joined = self.record


class NewestFirst(MemoryStore):
    def list(self, query: Any = None) -> Any:
        if query is not None and query.limit is not None:
            yield from super().list(query)
        else:
            yield from reversed(list(super().list(query)))


class BelievesTheStatus(MemoryStore):
    def list(self, query: Any = None) -> Any:
        # At that time the heartbeats of all runs are recent.
        return super().list(None if query is None else attrs.evolve(query, now=START))


class SkipsFields(MemoryStore):
    def list(self, query: Any = None) -> Any:
        if query is None or query.fields is None:
            return super().list(query)
        return super().list(attrs.evolve(query, fields=()))


class TakesConditionsForHints(MemoryStore):
    def list(self, query: Any = None) -> Any:
        return super().list(None if query is None else attrs.evolve(query, where=None))


class AnswersForUnknownRuns(MemoryStore):
    def output(self, run_id: Any) -> str:
        try:
            return super().output(run_id)
        except StoreError:
            return ""


class TakesDigitsForNumbers(MemoryStore):
    def find(self, run_id: Any) -> Any:
        return super().find(int(run_id) if str(run_id)[:9].isdecimal() else run_id)


class DeletesSharedFiles(MemoryStore):
    def delete(self, run_id: Any) -> None:
        super().delete(run_id)
        for stored in self.memory.runs.values():
            stored.files.clear()


class SkipsDamagedRuns(MemoryStore):
    def list(self, query: Any = None) -> Any:
        yield from (run for run in super().list(query) if run.damage is None)


class RefusesToDeleteDamagedRuns(MemoryStore):
    def delete(self, run_id: Any) -> None:
        if self.get(run_id).damage is not None:
            raise StoreError("it is damaged")
        super().delete(run_id)


class ReusesIds(MemoryStore):
    def delete(self, run_id: Any) -> None:
        super().delete(run_id)
        self.memory.highest_deleted = 0


class RestoresDeletedRuns(MemoryObserver):
    def own_record(self) -> Any:
        if self.record is not None:
            self.memory.runs.setdefault(self.record.run.id, self.record)
            return self.memory.runs[self.record.run.id]
        return None


class FindsChangesByHeartbeats(MemoryStore):
    change_kind = "heartbeats"

    def change_position(self) -> Any:
        return max(self._heartbeats().values(), default="")

    def records(self, query: Any, newest_first: bool) -> Any:
        since = self.position_since(query)
        beats = self._heartbeats()
        for run_id, record in super().records(query, newest_first):
            if since is None or beats[run_id] >= since:
                yield run_id, record

    def _heartbeats(self) -> dict[Any, str]:
        return {
            run_id: str(record.run.heartbeat or record.run.start_time)
            for run_id, record in self.memory.runs.items()
        }


class LosesSources(MemoryStore):
    def get_file(self, record: Any, kind: str, name: str) -> Any:
        return None if kind == "source" else super().get_file(record, kind, name)


class InsertsReplayedRuns(MemoryObserver):
    def begin_replayed(self, run: Any, uid: Any, _id: Any, begin: Any) -> Any:
        return begin(_id, None)


class ContinuesEveryRun(MemoryObserver):
    def begin_run(self, event: Any, _id: Any) -> Any:
        with delivering(attrs.evolve(event, run="", replayed=True)):
            return super().begin_run(event, _id)


class OpensAnotherStore(MemoryObserver):
    def open_store(self) -> MemoryStore:
        return MemoryStore(Memory())


class CreatesWhatItReads(MemoryStore):
    def __init__(self, memory: Memory, folder: str = "") -> None:
        super().__init__(memory)
        if folder:
            Path(folder, "made by reading").touch()


class CannotBeOpened(MemoryStore):
    def __init__(self, memory: Memory, folder: str = "") -> None:
        super().__init__(memory)
        assert not folder, "it cannot be opened at a location"


class ListsAllRunsAgain(MemoryStore):
    def list(self, query: Any = None) -> Any:
        if query is not None and query.since is not None:
            list(super().list(query))  # the token is checked
            query = attrs.evolve(query, since=None)
        return super().list(query)


#: Rules that use the id of a deleted run again.
_SAME_ID_AGAIN = {
    "a_deleted_run_does_not_mix_with_its_successor",
    "a_killed_deletion_can_be_repeated",
    "several_processes_delete_a_run_at_once",
}
#: Rules that compare copies with their source.
_COPIED = {"a_copied_run_equals_its_source", "a_copy_that_is_interrupted_is_continued"}
#: Rules about replayed runs that are stored already.
_REPLAYED = {
    "a_queued_run_is_taken_over_by_its_replayed_start",
    "a_replayed_run_is_stored_once",
    "a_replayed_run_that_ended_does_not_change",
    "a_run_that_is_replayed_several_times_at_once_is_stored_once",
    "a_run_without_a_uid_is_continued",
    "overridden_starts_continue_replayed_runs",
}
_LOCATIONS = {
    "open_store_opens_its_location",
    "reading_creates_nothing",
    "sacred_runs_works_on_its_location",
}
#: The rule that compares all of a run at once.
DIGEST = "a_run_has_the_digest_of_the_reference"
FAULTS: dict[type[Any], set[str]] = {
    WritesAllOutputAgain: {"output_costs_the_same_however_much_was_printed"},
    DoublesPoints: {
        "a_run_is_resumed_three_times",
        "a_replayed_run_is_stored_once",
        "an_event_that_comes_again_changes_nothing",
        "an_override_may_change_the_points",
    },
    TakesStartsAsArgument: {
        "a_run_is_resumed_after_each_end",
        "a_run_that_had_started_is_continued",
        "overridden_methods_record_the_same",
        "an_override_may_change_the_points",
    },
    TakesAskedIdAsArgument: {
        "a_queued_run_is_taken_over_by_its_replayed_start",
        "overridden_starts_respect_the_id_that_is_asked_for",
    },
    OverwritesTakenId: {
        "a_worker_starts_the_run_that_it_claimed",
        "a_queued_run_is_taken_over_by_its_replayed_start",
        "a_queued_run_is_taken_over",
        "an_id_that_is_taken_is_refused",
        "one_of_many_starts_a_queued_run",
        "annotations_survive_start_and_end",
    },
    IgnoresAskedId: {
        "the_id_that_is_asked_for_is_used",
        "the_largest_id_does_not_end_the_numbers",
        "only_the_decimal_form_is_an_integer",
        "ids_that_cannot_exist_are_not_found",
        *_SAME_ID_AGAIN,
    },
    TakesDigitsForNumbers: {
        "only_the_decimal_form_is_an_integer",
        "ids_that_cannot_exist_are_not_found",
    },
    LosesTheTrace: {DIGEST, "every_end_comes_back", "odd_strings_come_back_everywhere"},
    LosesTheResultOfBeats: {
        DIGEST,
        "info_and_result_come_back",
        "long_strings_of_odd_characters_come_back",
    },
    RoundsNumbers: {DIGEST, "the_start_comes_back"},
    KeepsTheFirstArtifact: {"artifacts_come_back"},
    FlattensNames: {
        "all_names_of_artifacts_come_back",
        "artifacts_come_back",
        "files_of_undecodable_names_come_back",
    },
    ReplacesNan: {
        DIGEST,
        "numbers_that_json_lacks_come_back",
        "points_that_are_not_numbers_come_back",
        "metrics_of_a_run_have_strings_as_names",
        "summaries_are_those_of_the_points",
        "curves_equal_those_of_all_points",
    },
    WritesAfterTheEnd: {
        "a_copy_of_a_run_that_was_put_back_has_everything",
        DIGEST,
        *_COPIED,
        "a_replayed_run_is_stored_once",
        "a_replayed_run_that_ended_does_not_change",
        "nothing_is_written_after_the_end",
    },
    FailsAfterAnUnfinishedRun: {
        "it_records_runs_of_an_experiment",
        "it_serves_one_run_after_another",
    },
    ShowsItsPassword: {"it_shows_no_secret"},
    SkipsFields: {"fields_that_are_used_are_read"},
    BelievesTheStatus: {"runs_are_listed_by_what_they_are"},
    AnswersForUnknownRuns: {
        "what_is_missing_is_an_error",
        "ids_that_cannot_exist_are_not_found",
    },
    DeletesSharedFiles: {
        "a_damaged_run_is_deleted",
        "a_run_is_deleted",
        "a_killed_deletion_can_be_repeated",
        "a_resource_that_is_being_stored_survives",
        "resources_of_a_running_run_survive",
        "sources_of_a_starting_run_survive",
    },
    SkipsDamagedRuns: {"a_damaged_record_hides_no_other", "runs_start_beside_a_damaged_one"},
    RefusesToDeleteDamagedRuns: {"a_damaged_run_is_deleted"},
    HasAnUnknownEvent: {"its_event_methods_exist", "it_records_runs_of_an_experiment"},
    HasNoLocation: _LOCATIONS,
    HasAnUnknownScheme: _LOCATIONS - {"reading_creates_nothing"},
    OpensAnotherStore: {
        "a_run_that_several_processes_queue_is_claimed_once",
        "one_of_several_processes_resumes_a_run",
        "a_run_that_had_started_is_continued",
        "a_claimed_run_is_put_back",
        "a_worker_starts_the_run_that_it_claimed",
        "a_killed_worker_leaves_a_run_that_can_be_claimed",
        "the_observer_opens_the_store_of_its_runs",
        *_REPLAYED,
    },
    InsertsReplayedRuns: _REPLAYED,
    CannotBeOpened: _LOCATIONS - {"reading_creates_nothing"},
    CreatesWhatItReads: {"reading_creates_nothing"},
    LosesSources: {
        DIGEST,
        "an_archive_of_a_run_has_its_digest",
        *_COPIED,
        "a_deleted_run_is_replayed_again",
        "a_replayed_run_is_stored_once",
        "a_replayed_run_that_ended_does_not_change",
        "a_large_source_and_artifact_come_back",
        "a_source_that_is_missing_or_changed_does_not_fail_the_start",
        "cells_of_a_notebook_come_back",
        "files_of_undecodable_names_come_back",
        "runs_that_start_at_once_share_files",
        "sources_come_back",
        "sources_of_a_starting_run_survive",
    },
    ListsAllRunsAgain: {"what_does_not_change_is_skipped"},
    ReusesIds: {"ids_of_deleted_runs_are_not_reused"},
    RestoresDeletedRuns: {
        "a_run_that_had_started_is_continued",
        "a_run_that_cannot_be_executed_fails",
        "a_deleted_run_does_not_come_back",
        "a_deleted_run_does_not_mix_with_its_successor",
    },
}


#: All rules of the contract but that for a store with a server, which pytest parametrizes.
RULES = [
    name.removeprefix("test_")
    for name in dir(StoreContract)
    if name.startswith("test_") and not hasattr(getattr(StoreContract, name), "pytestmark")
]
#: Each fault is tried with each so many of the rules that it does not break.
STEP = examples(len(FAULTS), 8)


@pytest.fixture(autouse=True)
def _whole_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule finds each fault at some of its points only."""
    monkeypatch.setenv(VARIABLE, "1000")


def failing(wrong: type[Any], rules: Iterable[str]) -> dict[str, str]:
    """Return those of the ``rules`` that ``wrong`` breaks, each with its traceback."""

    class Contract(StoreContract):
        secret = "hunter2"
        series = 2
        most_changes = 500
        has_other_processes = False  # each has a memory of its own
        memory: Memory

        def make_observer(self, tmp_path: Path) -> Any:
            made = (wrong if issubclass(wrong, MemoryObserver) else MemoryObserver)(self.memory)
            made.store_location = f"memory://{tmp_path}"
            return made

        def make_store(self, tmp_path: Path) -> RunStore:
            return open_memory(self.memory)

        def damage(self, tmp_path: Path, run_id: Any) -> bool:
            self.memory.runs[run_id].run.config = [1]  # type: ignore[assignment]
            return True

    open_memory: Any = wrong if issubclass(wrong, MemoryStore) else MemoryStore
    broken = {}
    for rule in rules:
        contract = Contract()
        contract.memory = Memory()
        with tempfile.TemporaryDirectory() as folder, memory_scheme(contract.memory, open_memory):
            try:
                getattr(contract, f"test_{rule}")(Path(folder))
            except pytest.skip.Exception:
                continue  # it does not apply
            except Exception:  # noqa: BLE001 - whatever a rule raises
                broken[rule] = traceback.format_exc()
    return broken


@pytest.mark.parametrize("wrong", FAULTS, ids=lambda wrong: wrong.__name__)
def test_each_fault_fails_the_rule_that_names_it(wrong: type[Any]) -> None:
    """Each fault fails the rule that names it, and no other, so that an author reads what to mend;
    a quick check tries some others.
    """
    rules = FAULTS[wrong] | set(RULES[list(FAULTS).index(wrong) % STEP :: STEP])
    broken = failing(wrong, rules)
    assert broken.keys() == FAULTS[wrong], "\n".join(
        report for rule, report in broken.items() if rule not in FAULTS[wrong]
    )


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        (ServesOneThread, "it_records_runs_of_an_experiment"),
        (TellsNoId, "it_returns_an_id"),
        (StoresTheRealConfig, "no_secret_of_a_run_is_stored"),
        (CannotJoinTwice, "it_may_be_joined_twice"),
        (TakesConditionsForHints, "a_query_finds_what_it_asks_for"),
        (NewestFirst, "runs_are_listed_by_age"),
        (DoublesOutput, "output_comes_back"),
        (ForgetsEarlierPoints, "metrics_come_back"),
        (NeverTakesOver, "a_queued_run_is_taken_over"),
        (FindsChangesByHeartbeats, "no_change_is_missed"),
        (ContinuesEveryRun, "only_a_replayed_run_is_continued"),
        (SharesIds, "an_id_of_another_observer_is_used_where_it_is_free"),
    ],
)
def test_faults_that_break_several_rules(wrong: type[Any], rule: str) -> None:
    """The one that names them is among these."""
    assert failing(wrong, [rule])
