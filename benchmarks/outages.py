"""How long a run waits for a server whose connection fails, and what is lost (nothing should be).

Runs record in PostgreSQL, MariaDB, MongoDB (SecantusDB), S3 (moto) and Google Cloud Storage
(fake-gcs-server), through a proxy that fails in the middle or at the end of the run, with the
default times of the observers. The table has the seconds that calls in the user's loop took in all
(at most 5 more than in the run without a failure, which is the first one of each server), the
seconds of the end (at most 40), and the items that were stored by the run, and by the command that
the run printed. A server that is not installed is skipped.
"""

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from sacred_core.testing.servers import FAILURES, Proxy, ServerProcess
from tools.page_servers import servers_of

ROOT = Path(__file__).resolve().parents[1]
LOOP_LIMIT, END_LIMIT = 5.0, 40.0
NO_FAILURE = "none"
#: Rounds of the loop; each adds an artifact, a resource, a line and a point.
ROUNDS = 15
#: Items of a run: of each round four, and its end.
ITEMS = 4 * ROUNDS + 1
SCRIPT = """
import json, os, sys, time
from sacred_core import Experiment
from {module} import {observer} as Observer

ex = Experiment("outage", save_git_info=False)
ex.observers.append(Observer(**json.loads(os.environ["BENCH_ARGUMENTS"])))


measured = {{}}


def tell(what):
    sys.__stdout__.write(what + "\\n")
    sys.__stdout__.flush()
    sys.stdin.readline()


@ex.main
def main(_run):
    waited = 0.0
    for i in range({rounds}):
        if i == {rounds} // 2:
            tell("middle")
        with open(f"made{{i}}", "w") as file:
            file.write("content " * 1000)
        began = time.monotonic()
        _run.add_artifact(f"made{{i}}")
        _run.add_resource(f"made{{i}}")
        print("line", i)
        _run.log_scalar("loss", i)
        waited += time.monotonic() - began
        time.sleep(0.2)
    time.sleep(1.5)  # for heartbeats
    tell("end")
    measured.update(waited=waited, ended=time.monotonic())
    return 7


run = ex.run(options={{"--beat-interval": 1.0, "--capture": "sys"}})
found = [run._id, measured["waited"], time.monotonic() - measured["ended"]]
sys.__stdout__.write("result " + json.dumps(found) + "\\n")
"""


class Backend(NamedTuple):
    """A server and how an observer reaches it.

    Attributes:
        name: Shown in the table.
        observer: Its module and class.
        port: Of the server.
        make: Makes a place for one run; returns the arguments of the observer, the location of the
            store and the environment, given the port of a proxy.
    """

    name: str
    observer: tuple[str, str]
    port: int
    make: Callable[[int], tuple[dict[str, Any], str, dict[str, str]]]


class Row(NamedTuple):
    """What was measured of one run."""

    backend: str
    failure: str
    when: str
    loop: float
    end: float
    stored: int
    loaded: int
    problem: str


def main() -> None:
    """Print the table, and exit with 1 if a limit was exceeded or an item was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-j", type=int, default=4, help="runs at the same time")
    parser.add_argument("--only", default="", help="part of the names of backends")
    arguments = parser.parse_args()
    starts = (postgres, maria, mongo, s3, gcs)
    with contextlib.ExitStack() as stack:
        backends = [backend for start in starts if (backend := _started(stack, start)) is not None]
        cases = [
            (backend, failure, when)
            for backend in backends
            if arguments.only.lower() in backend.name.lower()
            for failure, when in (
                (NO_FAILURE, ""),
                *((failure, when) for failure in FAILURES for when in ("middle", "end")),
            )
        ]
        print(f"{'server':12} {'failure':18} {'when':6} {'loop s':>7} {'end s':>7} "
              f"{'stored':>7} {'loaded':>7} {'lost':>5}")  # fmt: skip
        with ThreadPoolExecutor(arguments.j) as pool:
            rows = list(pool.map(lambda case: _print(measure(*case)), cases))
    usual = {row.backend: row.loop for row in rows if row.failure == NO_FAILURE}
    bad = [row for row in rows if row.problem or row.loop > usual[row.backend] + LOOP_LIMIT]
    worst_loop, worst_end = max(row.loop for row in rows), max(row.end for row in rows)
    print(f"{len(rows)} runs: loop at most {worst_loop:.1f} s, end at most {worst_end:.1f} s, "
          f"{len(bad)} problems")  # fmt: skip
    sys.exit(bool(bad))


def measure(backend: Backend, failure: str, when: str) -> Row:
    """Record a run whose connection fails, load what it missed, and compare the store."""
    folder = Path(tempfile.mkdtemp(prefix="bench-outages-"))
    try:
        with Proxy(("127.0.0.1", backend.port)) as proxy:
            arguments, location, environment = backend.make(proxy.port)
            environment = {
                **{key: value for key, value in os.environ.items() if not key.startswith("PYTHON")},
                "BENCH_ARGUMENTS": json.dumps(arguments),
                "XDG_STATE_HOME": str(folder / "state"),
                **environment,
            }
            run_id, loop, end, log = _record(folder, backend, proxy, failure, when, environment)
            proxy.close()
            proxy.open()
            stored, _ = _read(location, run_id, environment)
            problem = _load(folder, log, location, environment)
            found, missing = _read(location, run_id, environment)
        problem = problem or missing
        if not problem and end > END_LIMIT:
            problem = f"the end took {end:.1f} s"
        return Row(backend.name, failure, when, loop, end, stored, found - stored, problem)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _record(
    folder: Path, backend: Backend, proxy: Proxy, failure: str, when: str, environment: Any
) -> tuple[Any, float, float, str]:
    module, observer = backend.observer
    script = folder / "script.py"
    script.write_text(SCRIPT.format(module=module, observer=observer, rounds=ROUNDS))
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "script.py"], cwd=folder, env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
        )  # fmt: skip
        assert process.stdin is not None and process.stdout is not None
        result = "null"
        with process:
            for line in process.stdout:
                word, _, rest = line.strip().partition(" ")
                if word == when:
                    proxy.fail(failure)
                if word in ("middle", "end"):
                    process.stdin.write("\n")
                    process.stdin.flush()
                if word == "result":
                    result = rest
    text = (folder / "log").read_text()
    if result == "null":
        raise RuntimeError(f"{backend.name}, {failure}, {when}: no result\n{text}")
    return (*json.loads(result), text)


def _load(folder: Path, log: str, location: str, environment: Any) -> str:
    """Run the printed command, with the location that has the password; return what went wrong."""
    _, found, command = log.partition("To store them: ")
    if not found:
        return ""
    words = command.splitlines()[0].split()
    done = subprocess.run(
        [sys.executable, "-m", "sacred_core", *words[1:], location],
        env=environment, capture_output=True, text=True, cwd=folder,
    )  # fmt: skip
    return "" if done.returncode == 0 else f"load: {done.stdout}{done.stderr}".strip()


READ = """
import json, re, sys
from sacred_core.stores import open_store
store = open_store(sys.argv[1])
run = store.get(json.loads(sys.argv[2]))
print(json.dumps({
    "artifacts": len(run.artifacts),
    "resources": len(run.resources),
    "lines": len(set(re.findall(r"^line \\d+$", store.output(run.id), re.MULTILINE))),
    "points": sum(len(m["values"]) for m in store.metrics(run.id).values()),
    "ends": int(run.status == "COMPLETED" and run.result == 7),
}))
"""


def _read(location: str, run_id: Any, environment: Any) -> tuple[int, str]:
    """Return how many items of a run are in the store, and which are missing."""
    done = subprocess.run(
        [sys.executable, "-c", READ, location, json.dumps(run_id)],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        return 0, f"read: {done.stderr.strip().splitlines()[-1]}"
    counts = json.loads(done.stdout)
    missing = {key: ROUNDS - count for key, count in counts.items() if key != "ends"}
    missing["ends"] = 1 - counts["ends"]
    lost = ", ".join(f"{count} {key}" for key, count in missing.items() if count)
    return sum(counts.values()), f"lost: {lost}" if lost else ""


def _print(row: Row) -> Row:
    lost = ITEMS - row.stored - row.loaded
    print(f"{row.backend:12} {row.failure:18} {row.when:6} {row.loop:7.2f} {row.end:7.2f} "
          f"{row.stored:7} {row.loaded:7} {lost:5}  {row.problem}", flush=True)  # fmt: skip
    return row


def _started(
    stack: contextlib.ExitStack, start: Callable[[contextlib.ExitStack], Backend]
) -> Backend | None:
    from _pytest.outcomes import Skipped

    try:
        return start(stack)
    except (Skipped, ImportError) as error:
        print(f"{start.__name__}: skipped: {error}")
        return None


def postgres(stack: contextlib.ExitStack) -> Backend:
    """Start PostgreSQL."""
    return _sql(stack, "PostgreSQL", "Postgres")


def maria(stack: contextlib.ExitStack) -> Backend:
    """Start MariaDB."""
    return _sql(stack, "MariaDB", "Maria")


def _sql(stack: contextlib.ExitStack, name: str, kind: str) -> Backend:
    server = _enter(stack, getattr(servers_of("sacred-sql"), kind))

    def make(port: int) -> tuple[dict[str, Any], str, dict[str, str]]:
        url = server.database().replace(f":{server.port}/", f":{port}/")
        return {"url": url}, url, {}

    return Backend(name, ("sacred_sql", "SqlObserver"), server.port, make)


def mongo(stack: contextlib.ExitStack) -> Backend:
    """Start SecantusDB."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    server = stack.enter_context(servers_of("sacred-mongo").Server(folder, "--standalone"))

    def make(port: int) -> tuple[dict[str, Any], str, dict[str, str]]:
        name = f"bench_{uuid.uuid4().hex}"
        url = f"mongodb://127.0.0.1:{port}"
        location = f"{url}/{name}?directConnection=true"
        return {"url": f"{url}/?directConnection=true", "db_name": name}, location, {}

    return Backend("MongoDB", ("sacred_mongo", "MongoObserver"), server.port, make)


class Moto(ServerProcess):
    """A server that plays S3."""

    def command(self) -> list[str]:
        """Return the command of moto."""
        return [sys.executable, "-m", "moto.server", "-p", str(self.port)]


def s3(stack: contextlib.ExitStack) -> Backend:
    """Start moto."""
    import boto3

    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    server = stack.enter_context(Moto(folder))
    environment = {
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "hunter2hunter2",
        "AWS_EC2_METADATA_DISABLED": "true",
    }  # fmt: skip
    client = boto3.client(
        "s3", endpoint_url=f"http://127.0.0.1:{server.port}", region_name="eu-west-1",
        aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key="hunter2hunter2",
    )  # fmt: skip

    def make(port: int) -> tuple[dict[str, Any], str, dict[str, str]]:
        bucket = f"bench-{uuid.uuid4().hex}"
        client.create_bucket(
            Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        url = f"http://127.0.0.1:{port}"
        arguments = {
            "bucket": bucket, "basedir": "runs", "region": "eu-west-1", "endpoint_url": url,
        }  # fmt: skip
        location = f"s3://{bucket}/runs?region=eu-west-1&endpoint_url={url}"
        return arguments, location, environment

    return Backend("S3", ("sacred_s3", "S3Observer"), server.port, make)


def gcs(stack: contextlib.ExitStack) -> Backend:
    """Start fake-gcs-server."""
    servers = servers_of("sacred-gcs")
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    server = stack.enter_context(servers.Server(folder))

    def make(port: int) -> tuple[dict[str, Any], str, dict[str, str]]:
        bucket = servers.Bucket(server, f"bench-{uuid.uuid4().hex}")
        bucket.create()
        environment = {"STORAGE_EMULATOR_HOST": f"http://127.0.0.1:{port}"}
        arguments = {"bucket": bucket.name, "basedir": "runs"}
        return arguments, f"gs://{bucket.name}/runs", environment

    return Backend("GCS", ("sacred_gcs", "GoogleCloudStorageObserver"), server.port, make)


def _enter(stack: contextlib.ExitStack, kind: Any) -> Any:
    folder = Path(tempfile.mkdtemp(prefix="bench-outages-"))
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    return stack.enter_context(kind(folder))


if __name__ == "__main__":
    main()
