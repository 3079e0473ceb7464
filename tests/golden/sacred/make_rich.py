"""Record the rich runs with a release of Sacred: ``python make_rich.py FOLDER``.

Run by hand, as `make_golden.py`. Each run is a process with all four observers, which ends as the
name of its command describes. FOLDER then has ``rich.json``: the folders ``files`` and ``tinydb``
as path and content, the statements of the database ``sql``, and the collections of ``mongo``.
"""

import json
import os
import shutil
import sqlite3
import subprocess
import sys

import pymongo
import sacred
from bson import json_util
from make_golden import DATABASE, HERE, packed, write

HELPER = '''"""The configuration."""

CONFIG = {
    "lr": 0.1, "nothing": None, "not_a_number": float("nan"), "infinite": float("inf"),
    "shape": (3, (4, 5)), "flag": True, "text": "grüße ✓", "empty": "", "big": 2**40,
    "layers": [{"size": 3}, {"size": 4, "act": None}], "nested": {"deep": {"x": 1.5}, "e": {}},
}
'''
PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "rich_program.py")


def git(*arguments):
    """Execute a git command in the folder of the program."""
    user = ["-c", "user.name=n", "-c", "user.email=e@example.org"]
    subprocess.run(["git", *user, *arguments], check=True, stdout=subprocess.DEVNULL)


def prepare():
    """Write the program and its files into a git repository with uncommitted changes."""
    shutil.rmtree(HERE, ignore_errors=True)
    os.makedirs(HERE)
    os.chdir(HERE)
    shutil.copy(PROGRAM, "rich_program.py")
    texts = {"rich_helper.py": HELPER, "extra.py": "# ü\n", "shared.csv": "1,2\n"}
    for name, text in texts.items():
        with open(name, "w", encoding="utf-8") as file:
            file.write(text)
    git("init", "-q")
    git("remote", "add", "origin", "https://example.org/rich.git")
    git("add", "-A")
    git("commit", "-qm", "program")
    with open("extra.py", "a") as file:
        file.write("# changed\n")


def run(stores, resource, *arguments, **environment):
    """Execute the program once."""
    with open("resource.csv", "w") as file:
        file.write(resource)
    environment = {**os.environ, **environment, "STORES": json.dumps(stores)}
    command = [sys.executable, "-W", "ignore", "rich_program.py", *arguments]
    ended = subprocess.run(command, env=environment, timeout=100, stdout=subprocess.DEVNULL)
    print(arguments, ended.returncode)


def record(stores):
    """Record the runs."""
    run(
        stores,
        "a\n",
        "complete",
        "with",
        "small",
        "data.path=other.csv",
        "-b",
        "1",
        "-c",
        "noted ü",
    )
    run(stores, "b\n", "fail", "-b", "1")
    run(stores, "b\n", "interrupt", "-b", "1")
    run(stores, "b\n", "kill", "-b", "1")
    run(stores, "b\n", "arrays", "-b", "1", ARRAYS="1")
    if sacred.__version__ >= "0.8.4":  # which has the option
        run(stores, "b\n", "complete", "with", "seed=7", "-b", "1", "-i", "given-id")
        run(stores, "b\n", "nothing", "-b", "1", "-i", "0042")
    # Sacred's TinyDbObserver has no queue, and Sacred cannot read its SQL database afterwards.
    others = {name: place for name, place in stores.items() if name != "tinydb"}
    run(others, "b\n", "nothing", "-q", "-c", "queued")


def main(folder):
    """Record the runs, and write what the stores have."""
    folder = os.path.abspath(folder)
    prepare()
    url = os.environ["MONGO_URL"]
    client = pymongo.MongoClient(url)
    client.drop_database(DATABASE)
    record({"files": "files", "tinydb": "tinydb", "sql": "sqlite:///sql.db",
            "mongo": [url, DATABASE]})  # fmt: skip
    with sqlite3.connect("sql.db") as connection:
        statements = "\n".join(connection.iterdump())
    database = client[DATABASE]
    documents = {name: list(database[name].find()) for name in database.list_collection_names()}
    found = {
        "files": packed("files"), "tinydb": packed("tinydb"), "sql": statements,
        "mongo": json_util.dumps(documents),
    }  # fmt: skip
    write(folder, "rich.json", found)
    client.drop_database(DATABASE)


if __name__ == "__main__":
    main(sys.argv[1])
