"""The queue of a collection: a worker chooses and claims a run with ``find_one_and_update``.

The document of a run that waits has the field ``queue_rank``; a claim removes it, and a run that is
put back gets it again.
"""

from collections.abc import Sequence
from typing import Any

from pymongo import ASCENDING, IndexModel, ReturnDocument

from sacred_core.stores import StoredRun
from sacred_core.stores.run_queue import NO_FACTS, DocumentQueue
from sacred_core.stores.tokens import TOKEN
from sacred_core.stores.worker_claims import CLAIM_PREFIX, WorkerClaim, encode_claim
from sacred_mongo.changes import with_change_time
from sacred_mongo.collections import FIRST_TOKEN, Collections, spellings, to_run_id
from sacred_mongo.connection import Document
from sacred_mongo.documents import QUEUE_RANK, RunDocument
from sacred_mongo.values import FILE, encode

#: How many ids a filter has.
_AT_ONCE = 200
_LOWEST = float("-inf")  # NaN is lower
_ORDER = [(QUEUE_RANK, ASCENDING), ("_id", ASCENDING)]
_IS_WAITING: Document = {"status": "QUEUED", QUEUE_RANK: {"$exists": True}}
#: Facts that are too large for a document are in a file, which an update cannot change.
_IS_LARGE: Document = {f"facts.{FILE}": {"$exists": True}}


class MongoQueue(DocumentQueue):
    """The part of `sacred_mongo.store.MongoStore` for workers."""

    claims_at_once = _AT_ONCE
    _collections: Collections

    def take_first(
        self, run_ids: Sequence[int | str] | None, claim: WorkerClaim
    ) -> StoredRun | None:
        """Claim the first of some runs, or of all, that is waiting, in one call."""
        if run_ids is None:
            return self._claim_one({}, claim)
        ids = [spelling for run_id in run_ids for spelling in spellings(run_id)]
        return self._claim_one({"_id": {"$in": ids}}, claim)

    def _claim_one(self, condition: Document, claim: WorkerClaim) -> StoredRun | None:
        runs, waiting = self._collections.runs, {**_IS_WAITING, **condition}
        with self.translate_errors():  # type: ignore[attr-defined]
            entry = runs.find_one_and_update(
                {**waiting, "$nor": [_IS_LARGE]}, _claiming(claim), sort=_ORDER,
                return_document=ReturnDocument.AFTER,
            )  # fmt: skip
            if entry is not None:
                fields = RunDocument(self._collections, lambda: entry).fields()
                run: StoredRun = self._run(to_run_id(entry["_id"]), fields)  # type: ignore[attr-defined]
                return run
            large = [each["_id"] for each in runs.find({**waiting, **_IS_LARGE}, {"_id": 1})]
        taken = (self.take_claim(to_run_id(each), claim) for each in large)
        return next((run for run in taken if run is not None), None)

    def take_claim(self, run_id: int | str, claim: WorkerClaim) -> StoredRun | None:
        """Claim one run, in several steps."""
        run = super().take_claim(run_id, claim)
        if run is not None:
            with self.translate_errors():  # type: ignore[attr-defined]
                found = {"_id": {"$in": spellings(run_id)}, TOKEN: claim.token}
                self._collections.runs.update_one(found, {"$unset": {QUEUE_RANK: ""}})
        return run

    def adopt_queued(self) -> None:
        """Add runs to the queue that have no place there."""
        runs = self._collections.runs
        has_place = {QUEUE_RANK: {"$exists": True}}
        is_claimed = {TOKEN: {"$regex": f"^{CLAIM_PREFIX}"}}
        has_worker = {"facts.claim.worker": {"$nin": [None, ""]}}
        missing = {"status": "QUEUED", "$nor": [has_place, is_claimed, has_worker]}
        is_number = {
            "$and": [{"$isNumber": "$meta.priority"}, {"$gte": ["$meta.priority", _LOWEST]}]
        }
        rank = {"$cond": [is_number, {"$multiply": ["$meta.priority", -1]}, 0]}
        with self.translate_errors():  # type: ignore[attr-defined]
            runs.create_indexes([IndexModel(_ORDER, partialFilterExpression=has_place)])
            runs.update_many(missing, [{"$set": {QUEUE_RANK: rank}}])


def _claiming(claim: WorkerClaim) -> list[Document]:
    """Return the update that claims a run, and adds what is known of earlier claims of it."""
    values: dict[str, Any] = {
        name: {"$literal": encode(value)} for name, value in encode_claim(claim).items()
    }
    values |= {
        "number": {"$add": [{"$ifNull": ["$facts.claim.number", 0]}, 1]},
        "lost": {"$ifNull": ["$facts.claim.lost", 0]},
        "reason": {"$ifNull": ["$facts.claim.reason", ""]},
    }
    fields = {
        TOKEN: {"$literal": claim.token},
        FIRST_TOKEN: {"$ifNull": [f"${FIRST_TOKEN}", {"$ifNull": [f"${TOKEN}", ""]}]},
        "facts": {"$mergeObjects": [{"$literal": dict(NO_FACTS)}, "$facts", {"claim": values}]},
    }
    update: list[Document] = with_change_time([{"$set": fields}, {"$unset": QUEUE_RANK}])
    return update
