"""A secret that a run uses is in nothing that is stored or printed."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

SECRET = "hunter2hunter2"
SCRIPT = """
    import logging, os, sys, time, warnings
    from sacred_core import Experiment, SETTINGS

    SETTINGS.HOST_INFO.CAPTURED_ENV = ["API_KEY", "DATABASE"]
    ex = Experiment("secretive")

    @ex.config
    def config():
        db_password = os.environ["API_KEY"]
        url = os.environ["DATABASE"]
        nested = {"auth_token": db_password, "list": [{"secret": db_password}, url]}
        how = "returns"
        short = {"passphrase": "lion"}

    @ex.automain
    def main(_run, _log, url, db_password, how, short):
        assert db_password == os.environ["API_KEY"] and db_password in url
        print("connecting to", url)
        print("connecting to", url, file=sys.stderr)
        _log.warning("slow: %s", url)
        print("dandelion", short["passphrase"], sep="\\n", flush=True)
        for part in (db_password[:5], db_password[5:], "\\n"):
            print(part, end="", flush=True)
        print(os.environ["OTHER_TOKEN"])
        with open(__file__.replace("script", "made"), "w") as file:
            file.write("content")
        _run.add_artifact(file.name, metadata={"password": db_password, "url": url})
        _run.info["connection"] = {"url": url, "password": db_password}
        _run.result = url
        if how == "raises":
            raise ConnectionError(f"cannot reach {url} with {db_password!r}")
        return {"url": url, "secret": db_password}
"""


@pytest.mark.parametrize("mode", ["sys", "fd"])
@pytest.mark.parametrize("how", ["returns", "raises"])
def test_no_secret_is_stored(tmp_path: Path, how: str, mode: str) -> None:
    """Passwords by key, in URLs, in the environment, output, logs, results, traces and git."""
    project, runs = tmp_path / "project", tmp_path / "runs"
    project.mkdir()
    (project / "script.py").write_text(textwrap.dedent(SCRIPT))
    url = f"postgresql://ann:{SECRET}@db.example.org/x"
    identity = ["-c", "user.name=T", "-c", "user.email=t@example.org"]
    for command in (
        ["init", "-q"],
        ["remote", "add", "origin", url],
        ["add", "."],
        [*identity, "commit", "-qm", "first"],
    ):
        subprocess.run(["git", *command], cwd=project, check=True)
    other = f"{SECRET[::-1]}-other"
    environment = {**os.environ, "API_KEY": SECRET, "DATABASE": url, "OTHER_TOKEN": other}
    arguments = ["-F", str(runs), "-C", mode, "-c", f"from {url}", "with", f"how={how}"]
    for command in ([], ["print_config"], ["print_dependencies"], ["save_config"]):
        done = subprocess.run(
            [sys.executable, "script.py", *command, *arguments], cwd=project, env=environment,
            capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == (1 if how == "raises" and not command else 0), done.stderr
        assert SECRET not in done.stderr.partition("Traceback")[2]
        if command:
            assert SECRET not in done.stdout + done.stderr
    assert SECRET not in (project / "config.json").read_text()
    files = [path for path in runs.rglob("*") if path.is_file()]
    assert len(files) >= 5
    for path in files:
        stored = path.read_bytes().decode(errors="replace")
        assert SECRET not in stored and SECRET[5:] not in stored and other not in stored, path
    output = (runs / "1" / "cout.txt").read_text()
    assert "dandelion\n***\n***\n***\n" in output
    assert "postgresql://ann:***@db.example.org/x" in output
