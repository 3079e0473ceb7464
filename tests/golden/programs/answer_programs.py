"""Answer the drawn programs: ``python answer_programs.py sacred 700 > answers_of_sacred.jsonl``.

Run by hand, in an environment with the Sacred release in question. A line is a program: its number,
the digest of its source, and its configuration without seeds, or the type of the exception.
"""

import hashlib
import importlib
import json
import linecache
import logging
import os
import sys
import tempfile

from draw_programs import draw


def answer(lib, source, folder):
    """Return the configuration of one program, as JSON data, or the type of its error."""

    def write(entries):
        handle, path = tempfile.mkstemp(suffix=".json", dir=folder)
        with os.fdopen(handle, "w") as file:
            json.dump(entries, file)
        return path

    path = os.path.join(folder, "program_%s.py" % hashlib.md5(source.encode()).hexdigest())
    with open(path, "w") as file:
        file.write(source)
    namespace = {"__name__": "program", "__file__": path}
    exec(compile(source, path, "exec"), namespace)
    try:
        ex, call = namespace["program"](lib, write)
        config = json.loads(json.dumps(ex.run(**call).config, default=repr))
    except Exception as error:
        return {"error": type(error).__name__}
    finally:
        linecache.checkcache(path)
    return {"config": without_seeds(config)}


def without_seeds(config):
    """Return a configuration without the seeds, which are drawn."""
    return {
        key: without_seeds(value) if isinstance(value, dict) else value
        for key, value in config.items()
        if key != "seed"
    }


def main(name, count):
    lib = importlib.import_module(name)
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder:
        for number in range(count):
            source = draw(number)
            digest = hashlib.sha256(source.encode()).hexdigest()[:16]
            print(json.dumps([number, digest, answer(lib, source, folder)], sort_keys=True))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
