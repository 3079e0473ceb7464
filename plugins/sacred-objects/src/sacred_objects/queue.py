"""The queue of a bucket: a claim is written into the record, if that is still as it was read."""

from typing import Any

from sacred_core.stores import StoredRun
from sacred_core.stores.folder_format import LEASE, RUN, entry_bytes, json_bytes
from sacred_core.stores.run_queue import NO_FACTS, DocumentQueue
from sacred_core.stores.tokens import TOKEN
from sacred_core.stores.worker_claims import (
    CLAIM_PREFIX,
    WorkerClaim,
    beats_of,
    decode_claim,
    encode_claim,
    following_claim,
    next_beat,
    with_beats,
)
from sacred_objects.bucket import read_json
from sacred_objects.object_keys import JSON, BucketLayout
from sacred_objects.run_folder import RunFolder


class ObjectQueue(DocumentQueue):
    """The part of `sacred_objects.store.ObjectStore` for workers."""

    _layout: BucketLayout

    def take_claim(self, run_id: int | str, claim: WorkerClaim) -> StoredRun | None:
        """Claim a run that was never started by one conditional request; another one in steps."""
        name = str(run_id)
        bucket, key = self._layout.bucket, self._layout.run(name) + RUN
        version = bucket.version(key)  # first: what is read may be newer
        entry = read_json(bucket, key, None) if version is not None else None
        if version is None or not isinstance(entry, dict) or entry.get("status") != "QUEUED":
            return None
        known = _claim_in(entry)
        if known is not None and known.worker:
            return None
        token = str(entry.get(TOKEN) or "")
        if entry.get("start_time") or not token or token.startswith(CLAIM_PREFIX):
            return super().take_claim(run_id, claim)  # the token is in keys of what it recorded
        facts = {
            **(entry.get("facts") or NO_FACTS),
            "claim": encode_claim(following_claim(claim, known)),
        }
        claimed = {**entry, TOKEN: claim.token, "facts": facts}
        if not self._write_claim(key, claimed, version):
            return None
        folder = RunFolder(self._layout, name)
        folder.entry = lambda: claimed
        run: StoredRun = self._run(run_id, folder.fields())  # type: ignore[attr-defined]
        return run

    def _write_claim(self, key: str, entry: dict[str, Any], version: str) -> bool:
        """Replace a record that still has this version."""
        bucket = self._layout.bucket
        return bucket.replace(key, entry_bytes(entry), version, JSON) is not None

    def renew(self, run_id: int | str, claim: WorkerClaim) -> bool:
        """Write the renewal to a separate object."""
        with self.translate_errors():  # type: ignore[attr-defined]
            bucket, prefix = self._layout.bucket, self._layout.run(str(run_id))
            entry = read_json(bucket, prefix + RUN, None)
            known = _claim_in(entry)
            is_own = known is not None and known.token == claim.token
            if not is_own or entry.get("status") != "QUEUED" or entry.get(TOKEN) != claim.token:
                return False
            last = with_beats(claim, read_json(bucket, prefix + LEASE, None))
            bucket.put(prefix + LEASE, json_bytes(beats_of(next_beat(last))), JSON)
        return True


def _claim_in(entry: Any) -> WorkerClaim | None:
    """Return the claim in the content of ``run.json``."""
    facts = entry.get("facts") if isinstance(entry, dict) else None
    return decode_claim(facts.get("claim")) if isinstance(facts, dict) else None
