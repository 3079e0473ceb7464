"""Record the golden data with a release of Sacred: ``python make_golden.py FOLDER``.

Run by hand, in an environment with that release, numpy, pandas, tinydb, hashfs, sqlalchemy and
pymongo (not with sacred-core), and with MONGO_URL set. FOLDER then has

- `values.json`: what each store holds for each of `recorded_values` in ``info``, and how jsonpickle
  counts the objects of each;
- `files.json`, `tinydb.json`: the folders of some whole runs, as path and content;
- `sql.sql`, `mongo.json`: the database of the same runs.
"""

import base64
import json
import os
import shutil
import sqlite3
import sys
import tempfile
import warnings

import numpy as np
import pymongo
import recorded_values
import sacred
from bson import json_util
from sacred.observers import FileStorageObserver, MongoObserver, SqlObserver, TinyDbObserver
from sacred.serializer import flatten

warnings.simplefilter("ignore")
SCRIPT = """
import sacred


def make_experiment():
    data = sacred.Ingredient("data")
    data.add_config(path="data.csv", columns=("a", "b"))
    ex = sacred.Experiment("golden", ingredients=[data])

    @ex.config
    def cfg():
        lr = 0.1
        layers = (3, 4)
        nested = {"deep": {"x": 1}, "list": [1, {"y": 2}]}
        keys = {"b": None, "a": True}

    return ex
"""
HERE = "/tmp/golden_sacred"  # the same on each machine, since runs have their path
DATABASE = "golden_sacred"


def create(kind, *arguments, **options):
    """Create an observer, in Sacred 0.7 by a class method."""
    return getattr(kind, "create", kind)(*arguments, **options)


def make_experiment():
    """Return a new experiment, defined in a small file: its source is in the data."""
    import golden_script

    return golden_script.make_experiment()


def run(observer, main, **options):
    """Run ``main`` once; how it ends is part of the data."""
    ex = make_experiment()
    ex.main(main)
    ex.observers.append(observer)
    try:
        ex.run(
            options={
                "--capture": "sys",
                "--beat-interval": 100,
                "--loglevel": "CRITICAL",
                **options,
            }
        )
    except (RuntimeError, KeyboardInterrupt, sacred.utils.TimeoutInterrupt) as error:
        return type(error).__name__
    return None


def record_info(observer, info):
    """Record one run whose ``info`` is given."""
    ex = make_experiment()

    def main(_run):
        _run.info.update(info)

    ex.main(main)
    ex.observers.append(observer)
    ex.run(options={"--capture": "no", "--beat-interval": 100, "--loglevel": "CRITICAL"})


def mains(result):
    """Yield the main functions of the whole runs, with the options of each."""

    def complete(_run):
        print("printed ä")
        shared = {"w": np.arange(20.0), "n": [1, 2]}
        _run.info["zeta"] = [shared, np.arange(24.0).reshape(4, 6).T]
        _run.info["alpha"] = {"again": shared, "list": shared["n"]}
        _run.info["middle"] = [{"x": [1]}, shared["n"]]
        for step in range(3):
            _run.log_scalar("loss", 0.5 / (step + 1), step)
        _run.log_scalar("accuracy", np.float64(0.25), 10)
        with open("resource.csv") as file:
            file.read()
        _run.open_resource("resource.csv").close()
        with open("artifact.txt", "w") as file:
            file.write("artifact")
        _run.add_artifact("artifact.txt")
        return result

    def fail(_run):
        _run.info["before"] = 1
        raise RuntimeError("it failed")

    def interrupt(_run):
        raise KeyboardInterrupt

    def time_out(_run):
        raise sacred.utils.TimeoutInterrupt

    def do_nothing(_run):
        return None

    yield complete, {}
    yield fail, {}
    yield interrupt, {}
    yield time_out, {}
    yield do_nothing, {"--comment": "a comment"}
    yield do_nothing, {"--queue": True}  # the last one: then Sacred cannot read its SQL database


def values_of_files(folder, info):
    """Return the text of ``info.json``."""
    path = os.path.join(folder, "files")
    record_info(create(FileStorageObserver, path), info)
    with open(os.path.join(path, "1", "info.json")) as file:
        return file.read()


def values_of_tinydb(folder, info):
    """Return the ``info`` of the document."""
    path = os.path.join(folder, "tinydb")
    record_info(create(TinyDbObserver, path), info)
    with open(os.path.join(path, "metadata.json")) as file:
        return json.load(file)["runs"]["1"]["info"]


def values_of_sql(folder, info):
    """Return the text in the column ``info``."""
    path = os.path.join(folder, "sql.db")
    record_info(create(SqlObserver, "sqlite:///" + path), info)
    with sqlite3.connect(path) as connection:
        return connection.execute("SELECT info FROM run").fetchone()[0]


def values_of_mongo(folder, info):
    """Return the ``info`` of the document, as extended JSON."""
    client = pymongo.MongoClient(os.environ["MONGO_URL"])
    client.drop_database(DATABASE)
    record_info(create(MongoObserver, url=os.environ["MONGO_URL"], db_name=DATABASE), info)
    found = client[DATABASE]["runs"].find_one()["info"]
    return json.loads(json_util.dumps(found))


def record_values(label, record):
    """Return what a store holds for each value; a value that Sacred cannot store is missing."""
    found = {}
    for name, value in recorded_values.make_values().items():
        folder = tempfile.mkdtemp()
        try:
            stored = record(folder, {name: value})
            if stored:
                found[name] = stored
        except Exception as error:
            print(label, name, type(error).__name__, str(error)[:80].replace("\n", " "))
        finally:
            shutil.rmtree(folder)
    return found


def count_objects():
    """Return for each value what jsonpickle writes when an object is repeated behind it."""
    found = {}
    for name, value in recorded_values.make_values().items():
        probe = ["probe"]
        try:
            found[name] = flatten({"v": [value, probe, probe]})
            json.dumps(found[name])
        except Exception:
            found.pop(name, None)
    return found


def packed(folder):
    """Return the files below a folder with their contents."""
    found = {}
    for place, _, names in sorted(os.walk(folder)):
        for name in sorted(names):
            path = os.path.join(place, name)
            with open(path, "rb") as file:
                data = file.read()
            key = os.path.relpath(path, folder)
            try:
                found[key] = data.decode()
            except UnicodeDecodeError:
                found[key] = {"base64": base64.b64encode(data).decode()}
    return found


def write(folder, name, content):
    """Write a file of the golden data."""
    with open(os.path.join(folder, name), "w") as file:
        if not isinstance(content, str):
            content = json.dumps(content, indent=0)
        # Tracebacks name places of the machine that recorded them.
        for place in (sys.prefix, os.path.dirname(os.path.abspath(__file__))):
            content = content.replace(place, HERE)
        file.write(content + "\n")


def record_runs(folder):
    """Record the whole runs in each store."""
    result = {"first": np.arange(20.0), "second": {"n": [1, 2]}}
    result["third"] = result["second"]["n"]
    for name, kind in (("files", FileStorageObserver), ("tinydb", TinyDbObserver)):
        shutil.rmtree(name, ignore_errors=True)
        for main, options in mains(result if name == "files" else 0.5):
            run(create(kind, name), main, **options)
        write(folder, name + ".json", packed(name))
    if os.path.exists("sql.db"):
        os.remove("sql.db")
    for main, options in mains(0.5):
        run(create(SqlObserver, "sqlite:///sql.db"), main, **options)
    with sqlite3.connect("sql.db") as connection:
        write(folder, "sql.sql", "\n".join(connection.iterdump()))
    client = pymongo.MongoClient(os.environ["MONGO_URL"])
    client.drop_database(DATABASE)
    for main, options in mains(result):
        run(create(MongoObserver, url=os.environ["MONGO_URL"], db_name=DATABASE), main, **options)
    database = client[DATABASE]
    dump = {name: list(database[name].find()) for name in database.list_collection_names()}
    write(folder, "mongo.json", json_util.dumps(dump, indent=0))
    client.drop_database(DATABASE)


def main(folder):
    """Record everything."""
    folder = os.path.abspath(folder)
    os.makedirs(folder, exist_ok=True)
    shutil.rmtree(HERE, ignore_errors=True)
    os.makedirs(HERE)
    os.chdir(HERE)
    with open("golden_script.py", "w") as file:
        file.write(SCRIPT)
    sys.path.insert(0, HERE)
    with open("resource.csv", "w") as file:
        file.write("1,2\n")
    record_runs(folder)
    stores = {
        "files": values_of_files, "tinydb": values_of_tinydb,
        "sql": values_of_sql, "mongo": values_of_mongo,
    }  # fmt: skip
    values = {name: record_values(name, record) for name, record in stores.items()}
    write(folder, "values.json", {**values, "counted": count_objects()})


if __name__ == "__main__":
    main(sys.argv[1])
