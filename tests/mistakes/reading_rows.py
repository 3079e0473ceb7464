"""Mistakes in reading runs: ``sacred runs``."""

from .set_ups import (
    database,
    empty_folder,
    file_in_place_of_a_folder,
    loop_of_links,
    no_table,
    other_folder,
    sub_folders,
    three_runs,
    tiny_db,
)
from .table import Mistake

TITLE = "In reading and changing runs"
INTRODUCTION = (
    "Commands of `sacred runs`. The exit code is 0 only if the store exists. `show`, `export`, "
    "`tag`, `note` and "
    "`delete` print the same about a location as `list`."
)

_NO_ENTRY = "No runs. No run has "
_AWAY = "mongodb://ada:hunter2@localhost:1/x?serverSelectionTimeoutMS=50"

ROWS = [
    Mistake(
        "run that does not exist",
        "sacred runs show my_runs 9",
        "Error: run '9' not found in '/home/ada/my_runs': the newest run is '3'",
        1,
        (three_runs,),
    ),
    Mistake(
        "empty folder",
        "sacred runs list my_runs",
        "No runs. The folder 'my_runs' is empty: record one there with the flag -F of a script",
        0,
        (empty_folder,),
    ),
    Mistake(
        "folder of something else",
        "sacred runs list other",
        "No runs. The folder 'other' has no runs: record one there with the flag -F of a script",
        0,
        (other_folder,),
    ),
    Mistake(
        "folder above the runs",
        "sacred runs list results",
        "No runs. There are runs in results/a, results/b: give one of them, or use --recursive",
        0,
        (sub_folders,),
    ),
    Mistake(
        "folder above the runs, with show",
        "sacred runs show results",
        "Error: there are no runs at 'results'. There are runs in results/a, results/b: give one "
        "of "
        "them, or use --recursive",
        1,
        (sub_folders,),
    ),
    Mistake(
        "folder of one run",
        "sacred runs list my_runs/1",
        "No runs. There are runs in my_runs: give that folder",
        0,
        (three_runs,),
    ),
    Mistake(
        "folder that does not exist",
        "sacred runs list nope",
        "Error: there is no folder 'nope'",
        1,
    ),
    Mistake(
        "misspelt folder",
        "sacred runs list my_rnus",
        "Error: there is no folder 'my_rnus': did you mean 'my_runs'?",
        1,
        (three_runs,),
    ),
    Mistake(
        "misspelt folder with the flag of a script",
        "sacred runs list -F my_rnus",
        "Error: there is no folder 'my_rnus': did you mean 'my_runs'?",
        1,
        (three_runs,),
    ),
    Mistake(
        "folder that does not exist, with --recursive",
        "sacred runs list nope --recursive",
        "Error: there is no folder 'nope'",
        1,
    ),
    Mistake(
        "folder without runs, with --recursive",
        "sacred runs list my_runs --recursive",
        "Error: there are no runs in 'my_runs' and its sub-folders",
        1,
        (empty_folder,),
    ),
    Mistake(
        "path of a run that does not exist",
        "sacred runs list my_runs/7",
        "Error: there is no folder 'my_runs/7'; there are runs in 'my_runs'",
        1,
        (three_runs,),
    ),
    Mistake(
        "file of a run",
        "sacred runs show my_runs/1/run.json",
        "Error: 'my_runs/1/run.json' is a file, not a folder of runs; there are runs in 'my_runs'",
        1,
        (three_runs,),
    ),
    Mistake(
        "file of another kind",
        "sacred runs list train.py",
        "Error: 'train.py' is a file, not a folder of runs",
        1,
    ),
    Mistake(
        "loop of links",
        "sacred runs list loop",
        "Error: the link 'loop' leads to nothing",
        1,
        (loop_of_links,),
    ),
    Mistake(
        "path in a file",
        "sacred runs list file/runs",
        "Error: there is no folder 'file/runs'",
        1,
        (file_in_place_of_a_folder,),
    ),
    Mistake(
        "path of a TinyDB",
        "sacred runs list tdb",
        "Error: 'tdb' is a TinyDB, not a folder of runs: use tinydb://tdb",
        1,
        (tiny_db,),
    ),
    Mistake(
        "path of an SQLite database",
        "sacred runs list runs.db",
        "Error: 'runs.db' is an SQLite database, not a folder of runs: use sqlite:///runs.db",
        1,
        (database,),
    ),
    Mistake(
        "folder of runs as a TinyDB",
        "sacred runs list tinydb://my_runs",
        "Error: there is no TinyDB in '/home/ada/my_runs': no file 'metadata.json'",
        1,
        (three_runs,),
    ),
    Mistake(
        "TinyDB that does not exist",
        "sacred runs list -t nope",
        "Error: there is no folder '/home/ada/nope'",
        1,
    ),
    Mistake(
        "SQLite database that does not exist",
        "sacred runs list sqlite:///nope.db",
        "Error: there is no database '/home/ada/nope.db'",
        1,
    ),
    Mistake(
        "file that is no database",
        "sacred runs list sqlite:///train.py",
        "Error: the database sqlite:////home/ada/train.py: file is not a database",
        1,
    ),
    Mistake(
        "database without runs",
        "sacred runs list -s empty.db",
        "Error: the database sqlite:////home/ada/empty.db has no runs of sacred-core",
        1,
        (no_table,),
    ),
    Mistake(
        "argument of --sql",
        "sacred runs list --sql nope",
        "Error: 'nope' is not the URL of a database, like sqlite:///runs.db or "
        "postgresql://user:***@host/database",
        1,
    ),
    Mistake(
        "database server that does not run",
        "sacred runs list postgresql://ada:hunter2@localhost:1/x",
        "Error: the database postgresql+psycopg://ada:***@localhost:1/x: …",
        1,
    ),
    Mistake(
        "MongoDB that does not run",
        f"sacred runs list '{_AWAY}'",
        "Error: MongoDB at localhost:1: cannot be reached: …",
        1,
    ),
    Mistake(
        "MongoDB that does not run, with delete",
        f"sacred runs delete '{_AWAY}' 1 --yes",
        "Error: MongoDB at localhost:1: cannot be reached: …",
        1,
    ),
    Mistake(
        "argument of -m without its flag",
        "sacred runs list localhost:27017:sacred",
        "Error: there is no folder 'localhost:27017:sacred'; give the argument of a flag with "
        "its flag (…)",
        1,
    ),
    Mistake(
        "argument of -m",
        "sacred runs list -m localhost:99999:sacred",
        "Error: '99999' in 'localhost:99999:sacred' is not a port: use a number from 1 to 65535",
        1,
    ),
    Mistake(
        "name of a bucket",
        "sacred runs list s3://My_Bucket/runs",
        "Error: 'My_Bucket' cannot be the name of a bucket: …",
        1,
    ),
    Mistake(
        "scheme that no plugin reads",
        "sacred runs list mongo://localhost/sacred",
        "Error: no installed plugin reads 'mongo://localhost/sacred': did you mean mongodb://? "
        "(schemes: …)",
        1,
    ),
    Mistake(
        "scheme of a plugin that is not loaded",
        "sacred runs list mongodb://localhost/sacred",
        "Error: no installed plugin reads 'mongodb://localhost/sacred': the plugin 'mongo' is "
        "disabled",
        1,
        in_shell=True,
        environment={"SACRED_PLUGINS__DISABLE": "mongo"},
    ),
    Mistake(
        "flag of a plugin that is not loaded",
        "sacred runs list -m localhost:27017:sacred",
        "Error: no installed plugin has the flag -m: the plugin 'mongo' is disabled",
        1,
        in_shell=True,
        environment={"SACRED_PLUGINS__DISABLE": "mongo"},
    ),
    Mistake(
        "misspelt entry in a query",
        "sacred runs list my_runs -w 'config.rl > 0.01'",
        f"{_NO_ENTRY}config.rl: did you mean config.lr?",
        0,
        (three_runs,),
    ),
    Mistake(
        "entry without the one it is in",
        "sacred runs list my_runs -w 'config.kind = adam'",
        f"{_NO_ENTRY}config.kind: did you mean config.optimizer.kind?",
        0,
        (three_runs,),
    ),
    Mistake(
        "misspelt metric",
        "sacred runs list my_runs -w 'metrics.acuracy.max > 0.9'",
        f"{_NO_ENTRY}metrics.acuracy.max: did you mean metrics.accuracy.max?",
        0,
        (three_runs,),
    ),
    Mistake(
        "metric as an entry of the configuration",
        "sacred runs list my_runs -w 'config.accuracy > 0.9'",
        f"{_NO_ENTRY}config.accuracy: did you mean metrics.accuracy.last?",
        0,
        (three_runs,),
    ),
    Mistake(
        "entry of the configuration as a metric",
        "sacred runs list my_runs -w 'metrics.lr.last > 0.9'",
        f"{_NO_ENTRY}metrics.lr.last: did you mean config.lr?",
        0,
        (three_runs,),
    ),
    Mistake(
        "unknown entry",
        "sacred runs list my_runs -w 'config.batch > 1'",
        f"{_NO_ENTRY}config.batch (there are config.lr, config.optimizer.kind, config.seed)",
        0,
        (three_runs,),
    ),
    Mistake(
        "latest run by a word",
        "sacred runs show my_runs latest",
        "Error: run 'latest' not found in '/home/ada/my_runs': without an id it is the newest run",
        1,
        (three_runs,),
    ),
    Mistake(
        "query without --where",
        "sacred runs list my_runs 'config.lr > 0.1'",
        "Usage: sacred runs list [OPTIONS] LOCATION\nTry 'sacred runs list --help' for help.\n\n"
        "Error: unexpected argument 'config.lr > 0.1': select runs with --where 'config.lr > 0.1'",
        2,
        (three_runs,),
    ),
    Mistake(
        "two locations",
        "sacred runs list my_runs /other",
        "Usage: sacred runs list [OPTIONS] LOCATION\nTry 'sacred runs list --help' for help.\n\n"
        "Error: unexpected argument '/other'",
        2,
        (three_runs,),
    ),
    Mistake(
        "misspelt entry in an order",
        "sacred runs list my_runs -s config.lrr -c id",
        "id\n1\n2\n3\nWarning: No run has config.lrr: did you mean config.lr?",
        0,
        (three_runs,),
    ),
    Mistake(
        "misspelt entry in columns",
        "sacred runs list my_runs -c id,config.sed",
        "id  config.sed\n1\n2\n3\nWarning: No run has config.sed: did you mean config.seed?",
        0,
        (three_runs,),
    ),
    Mistake(
        "misspelt entry in --group-by",
        "sacred runs list my_runs --group-by config.sed",
        "Warning: No run has config.sed: did you mean config.seed?",
        0,
        (three_runs,),
        alone=False,
    ),
    Mistake(
        "copy to a new archive",
        "sacred runs copy my_runs runs.zip",
        "Error: 'runs.zip' would be a folder: to write an archive, use "
        "'sacred runs pack LOCATION -o runs.zip'",
        1,
        (three_runs,),
    ),
    Mistake(
        "groups with a common run",
        "sacred runs significance my_runs 1-2 2-3 --result",
        "Error: 1 run in both groups (2): each run may be in one group only",
        1,
        (three_runs,),
    ),
    Mistake(
        "group with one run that completed",
        "sacred runs significance my_runs 'config.lr = 0.1' 2-3 --metric accuracy",
        "Error: group A has 1 value (run 1), the test needs 2 or more",
        1,
        (three_runs,),
    ),
    Mistake(
        "misspelt metric of groups",
        "sacred runs significance my_runs 1 2-3 --metric acuracy",
        "Error: group A: no run has metrics.acuracy.last: did you mean metrics.accuracy.last?",
        1,
        (three_runs,),
    ),
    Mistake(
        "groups without what is compared",
        "sacred runs significance my_runs 1 2-3",
        "Usage: sacred runs significance [OPTIONS] LOCATION A_GROUP B_GROUP\n"
        "Try 'sacred runs significance --help' for help.\n\n"
        "Error: name what is compared: --metric NAME, --result or --field FIELD",
        2,
        (three_runs,),
    ),
    Mistake(
        "unknown status",
        "sacred runs list my_runs --status DONE",
        "No runs. No run has the status 'DONE': did you mean COMPLETED? (there are COMPLETED, "
        "FAILED)",
        0,
        (three_runs,),
    ),
    Mistake(
        "status in lower case",
        "sacred runs list my_runs -w 'status == completed'",
        "No runs. No run has the status 'completed': did you mean COMPLETED? (there are COMPLETED, "
        "FAILED)",
        0,
        (three_runs,),
    ),
    Mistake(
        "unknown name",
        "sacred runs list my_runs --name tran",
        "No runs. No run has the name 'tran': did you mean train? (there are train)",
        0,
        (three_runs,),
    ),
    Mistake(
        "query without a match",
        "sacred runs list my_runs -w 'config.lr > 1'",
        "No runs. None of the 3 runs matches; to see them: sacred runs list my_runs",
        0,
        (three_runs,),
    ),
    Mistake(
        "offset after the last run",
        "sacred runs list my_runs --offset 3",
        "No runs. --offset skips all 3 runs",
        0,
        (three_runs,),
    ),
    Mistake(
        "empty location, as from a variable that is not set",
        "sacred runs list ''",
        "Error: the location is empty: name a folder or a URL",
        1,
    ),
    Mistake(
        "query without a match, with delete",
        "sacred runs delete my_runs -w 'config.rl > 1'",
        f"{_NO_ENTRY}config.rl: did you mean config.lr?",
        0,
        (three_runs,),
    ),
    Mistake(
        "metric without a statistic",
        "sacred runs list my_runs -w 'metrics.accuracy > 0.9'",
        "Error: expected a metric and one of last, min, max, count, first, argmin, argmax or "
        "at(…): did "
        "you mean metrics.accuracy.last?\n"
        "  metrics.accuracy > 0.9\n"
        "  ^",
        1,
        (three_runs,),
    ),
    Mistake(
        "entry without config",
        "sacred runs list my_runs -w 'lr > 0.9'",
        "Error: unknown field 'lr': write config.lr for an entry of the configuration, "
        "metrics.lr.last for "
        "a metric (fields: …)\n"
        "  lr > 0.9\n"
        "  ^",
        1,
        (three_runs,),
    ),
    Mistake(
        "reversed range",
        "sacred runs delete my_runs 3-1",
        "Error: the range 3-1 is empty: write 1-3",
        1,
        (three_runs,),
    ),
    Mistake(
        "range without runs",
        "sacred runs tag my_runs 20-22 good",
        "Error: no run from 20 to 22 found in '/home/ada/my_runs'",
        1,
        (three_runs,),
    ),
    Mistake(
        "range in place of a run",
        "sacred runs show my_runs 1-2",
        "Error: run '1-2' not found in '/home/ada/my_runs'; this command takes one run: list a "
        "range "
        "with --where 'id between 1 and 2'",
        1,
        (three_runs,),
    ),
    Mistake(
        "run that does not exist, with tag",
        "sacred runs tag my_runs 9 good",
        "Error: run '9' not found in '/home/ada/my_runs': the newest run is '3'",
        1,
        (three_runs,),
    ),
    Mistake(
        "runs neither by id nor by query",
        "sacred runs delete my_runs",
        "Usage: sacred runs delete [OPTIONS] LOCATION [RUN_IDS]...\n"
        "Try 'sacred runs delete --help' for help.\n"
        "\n"
        "Error: specify the runs: either their ids or --where",
        2,
        (three_runs,),
    ),
    Mistake(
        "one run to compare",
        "sacred runs diff my_runs 1",
        "Usage: sacred runs diff [OPTIONS] LOCATION [IDS]...\n"
        "Try 'sacred runs diff --help' for help.\n"
        "\n"
        "Error: expected at least two runs: LOCATION ID ID, or LOCATION#ID LOCATION#ID",
        2,
        (three_runs,),
    ),
    Mistake(
        "aspect that does not exist",
        "sacred runs diff my_runs 1 2 --only confg",
        "Error: unknown aspect 'confg': choose from command, config, code, commit, packages, host, "
        "environment, seed, status, result, metrics, info, files, output",
        2,
        (three_runs,),
    ),
    Mistake(
        "run to compare that does not exist",
        "sacred runs diff my_runs#1 my_runs#9",
        "Error: run '9' not found in '/home/ada/my_runs': the newest run is '3'",
        2,
        (three_runs,),
    ),
    Mistake(
        "more runs than can be explained",
        "sacred runs why my_runs 1-3",
        "Usage: sacred runs why [OPTIONS] LOCATION [IDS]...\n"
        "Try 'sacred runs why --help' for help.\n"
        "\n"
        "Error: expected two runs, got 3 runs",
        2,
        (three_runs,),
    ),
    Mistake(
        "no location",
        "sacred runs list",
        "Error: Missing argument 'LOCATION': there are runs here: sacred runs list my_runs",
        2,
        (three_runs,),
        alone=False,
    ),
    Mistake(
        "no location, and no runs",
        "sacred runs list",
        "Error: Missing argument 'LOCATION': name the folder or URL of runs; to record a run: "
        "python SCRIPT -F my_runs",
        2,
        alone=False,
    ),
    Mistake(
        "URL with one slash",
        "sacred runs list sqlite:/runs.db",
        "Error: there is no folder 'sqlite:/runs.db': a URL begins with sqlite://",
        1,
    ),
    Mistake(
        "URL without a colon",
        "sacred runs list s3//bucket",
        "Error: there is no folder 's3//bucket': a URL begins with s3://",
        1,
    ),
    Mistake(
        "misspelt command of a group",
        "sacred lst my_runs",
        "Error: No such command 'lst': did you mean 'sacred runs list'?",
        2,
        alone=False,
    ),
    Mistake(
        "file that a run does not have",
        "sacred runs get my_runs 1 model.pt",
        "Error: run '1' has no file 'model.pt': it has none",
        1,
        (three_runs,),
    ),
    Mistake(
        "file that cannot be written",
        "sacred runs export my_runs --to nope/runs.csv",
        "Error: cannot write 'nope/runs.csv': No such file or directory",
        1,
        (three_runs,),
    ),
]
