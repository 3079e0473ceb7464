"""Servers that ask for more than an address, and those that change their minds."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pymongo
import pytest
import trustme
from pymongo.errors import OperationFailure
from sacred_mongo import MongoObserver, MongoStore

from sacred_core.exceptions import ObserverStartError
from sacred_core.observers.retry_policy import RetryPolicy
from sacred_core.testing.experiments import run_main

#: Of the server: https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml
STEPPED_DOWN, NOT_WRITABLE, NO_SPACE = 189, 10107, 14031


@pytest.fixture
def fail(mongo_url: str) -> Iterator[Callable[..., Any]]:
    """Lets commands fail, as a server does that was started for tests."""
    with pymongo.MongoClient(mongo_url) as client:

        def ask(mode: Any, commands: list[str], code: int) -> None:
            fail_point = {"configureFailPoint": "failCommand", "mode": mode}
            client.admin.command(
                {**fail_point, "data": {"failCommands": commands, "errorCode": code}}
            )

        try:
            ask("off", [], 0)
        except OperationFailure:
            pytest.skip("the server takes no test commands")
        yield ask
        ask("off", [], 0)


def recorded(observer: MongoObserver, at_work: Callable[[], object] = lambda: None) -> Any:
    """Run an experiment whose server may change while it is at work."""

    def main(_run: Any) -> int:
        print("before")
        _run.log_scalar("loss", 1.0)
        at_work()
        print("after")
        _run.log_scalar("loss", 2.0)
        _run.add_artifact(__file__, "code")
        return 42

    return run_main(observer, main)


def assert_whole(store: MongoStore, run_id: Any) -> None:
    """Require all that `recorded` does."""
    run = store.get(run_id)
    assert (run.status, run.result, run.artifacts) == ("COMPLETED", 42, ["code"])
    assert store.metrics(run_id)["loss"]["values"] == [1.0, 2.0]
    assert store.output(run_id).endswith("before\nafter\n")
    with store.open_file(run_id, "artifact", "code") as stream:
        assert stream.read() == Path(__file__).read_bytes()


WRITES = ["update", "insert", "delete", "findAndModify"]


@pytest.mark.parametrize("code", [STEPPED_DOWN, NOT_WRITABLE])
@pytest.mark.parametrize("times", [1, 4])
def test_a_primary_that_steps_down(
    fail: Any, mongo_url: str, db_name: str, caplog: Any, code: int, times: int
) -> None:
    """Writes fail until there is another one; nothing is missing then."""
    # This server does not inform a waiting driver at once that it is back.
    observer = MongoObserver(mongo_url, db_name, heartbeatFrequencyMS=500)
    observer.retry_policy = RetryPolicy(retry_interval=0.5)
    run = recorded(observer, lambda: fail({"times": times}, WRITES, code))
    assert_whole(MongoStore(mongo_url, db_name), run._id)
    assert "did not record:" not in caplog.text


def test_a_server_that_refuses_writes(
    fail: Any, mongo_url: str, db_name: str, tmp_path: Path, caplog: Any
) -> None:
    """At the start that is an error; later the run continues, and a folder has what was refused."""
    observer = MongoObserver(mongo_url, db_name, failure_dir=tmp_path)
    fail("alwaysOn", WRITES, NO_SPACE)
    with pytest.raises(ObserverStartError, match="MongoDB at"):
        recorded(observer)
    fail("off", [], 0)
    observer.retry_policy = RetryPolicy(retry_interval=0.1, end_timeout=0.5)
    run = recorded(observer, lambda: fail("alwaysOn", WRITES, NO_SPACE))
    assert run.result == 42
    assert "sacred spool flush" in caplog.text
    assert len(list(tmp_path.iterdir())) == 1


@contextmanager
def authority(folder: Path) -> Iterator[dict[str, str]]:
    """Write certificates for a server on this machine and for a client."""
    made = trustme.CA()
    paths = {name: str(folder / f"{name}.pem") for name in ("ca", "cert", "key", "client")}
    made.cert_pem.write_to_path(paths["ca"])
    server = made.issue_cert("127.0.0.1", "localhost")
    server.cert_chain_pems[0].write_to_path(paths["cert"])
    server.private_key_pem.write_to_path(paths["key"])
    made.issue_cert("client").private_key_and_cert_chain_pem.write_to_path(paths["client"])
    yield paths


def test_tls(tmp_path: Path, db_name: str, running: Any) -> None:
    """TLS is set up by the driver's names and by those of Sacred's manual; without it there is one
    clear sentence.
    """
    with authority(tmp_path) as paths:
        new = {"tls": True, "tlsCAFile": paths["ca"], "tlsCertificateKeyFile": paths["client"]}
        old = {"ssl": True, "ssl_ca_certs": paths["ca"], "ssl_certfile": paths["client"]}
        files = [f"--tls-{name}-file={paths[name]}" for name in ("cert", "key", "ca")]
        flags = ["--standalone", "--tls-require-client-cert", *files]
        with running(tmp_path, *flags, **new) as server:
            url = f"mongodb://127.0.0.1:{server.port}"
            for number, options in enumerate((new, old), start=1):
                run = recorded(MongoObserver(url, db_name, **options))
                assert run._id == number
                assert_whole(MongoStore(url, db_name, **options), run._id)
            with pytest.raises(ObserverStartError, match=f"MongoDB at 127.0.0.1:{server.port}"):
                recorded(MongoObserver(url, db_name, serverSelectionTimeoutMS=500))
