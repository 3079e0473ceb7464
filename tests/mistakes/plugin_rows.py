"""Mistakes with plugins: flags, installation."""

from .set_ups import failing_plugin
from .table import Mistake

TITLE = "With plugins"
INTRODUCTION = "Flags of observers, and plugins that are missing or broken."

_ENCODING = (
    "the user or password of the mongodb:// URL has characters that must be percent-encoded, as "
    "urllib.parse.quote_plus does: '/' is %2F, '@' is %40, ':' is %3A"
)
_BUG = "This is a bug. Please report it at https://acme.example/issues, with the output of: "

ROWS = [
    Mistake(
        "plugin that is not installed",
        "python train.py --s3 bucket",
        "Error: No such option '--s3' (install it with: pip install sacred-s3)",
        in_shell=True,
        environment={"SACRED_PLUGINS__DISABLE": "s3"},
    ),
    Mistake(
        "empty argument, as of a variable that is not set",
        "python train.py -F ''",
        "Error: --file_storage: expected BASEDIR, got an empty string",
    ),
    Mistake(
        "empty argument of another flag",
        "python train.py --s3 ''",
        "Error: --s3: expected S3_URL, got an empty string",
    ),
    Mistake(
        "password that is not percent-encoded",
        "python train.py -m 'mongodb://u:hunter2@ss@host'",
        f"Error: --mongo_db: {_ENCODING}",
    ),
    Mistake(
        "password that is not percent-encoded, for reading",
        "sacred runs list 'mongodb://u:hunter2@ss@host'",
        f"Error: {_ENCODING}",
        1,
    ),
    Mistake(
        "argument of another form",
        "python train.py -m host:port",
        "Error: --mongo_db: expected [HOST:PORT:]DB[.COLLECTION[:ID]][!PRIORITY] or "
        "mongodb://[USER:***@]HOST/DB, got 'host:port'",
    ),
    Mistake(
        "port that does not exist",
        "python train.py -m host:99999:db",
        "Error: --mongo_db: '99999' in 'host:99999:db' is not a port: use a number from 1 to 65535",
    ),
    Mistake(
        "option of a URL that does not exist",
        "python train.py -m 'mongodb://u:hunter2@127.0.0.1:1/db?bogus=1'",
        "Error: --mongo_db: no client for MongoDB at '127.0.0.1:1': option 'bogus' of the URL…",
    ),
    Mistake(
        "path instead of the URL of a database",
        "python train.py -s runs",
        "Error: --sql: 'runs' is not the URL of a database, like sqlite:///runs.db or "
        "postgresql://user:***@host/database",
    ),
    Mistake(
        "URL of a bucket for a folder",
        "python train.py -F s3://bucket/runs",
        "Error: --file_storage: 's3://bucket/runs' is a URL, not a folder: use --s3",
    ),
    Mistake(
        "URL of a server for a folder",
        "python train.py -t mongodb://u:hunter2@host/db",
        "Error: --tiny_db: 'mongodb://u:***@host/db' is a URL, not a folder: use --mongo_db",
    ),
    Mistake(
        "password that is not percent-encoded, for SQL",
        "python train.py -s postgresql://u:p@hunter2@host/db",
        f"Error: --sql: {_ENCODING.replace('mongodb:// ', '')}",
    ),
    Mistake(
        "database that is not supported",
        "python train.py -s nosuch://u:hunter2@host/db",
        "Error: --sql: SQLAlchemy does not support the database 'nosuch'",
    ),
    Mistake(
        "name that no bucket has",
        "python train.py --s3 A_b",
        "Error: --s3: 'A_b' cannot be the name of a bucket: it has 3 to 63 lower-case letters, "
        "digits, hyphens and single dots, begins and ends with a letter or digit, and is not an IP "
        "address",
    ),
    Mistake(
        "URL of another service",
        "python train.py --gcs s3://bucket/runs",
        "Error: --gcs: runs are in gs://BUCKET/FOLDER, not 's3://bucket/runs'",
    ),
    Mistake(
        "observer that raises an exception",
        "python train.py -A mongodb://u:hunter2@host",
        "Error: --acme: AcmeObserver raised KeyError: 'no account at mongodb://u:***@host'",
        needs=(failing_plugin,),
        in_shell=True,
    ),
    Mistake(
        "store that raises an exception",
        "sacred runs list acme://u:hunter2@host",
        "Error: AcmeStore cannot open 'acme://u:***@host': KeyError: 'no account at u:***@host'",
        1,
        needs=(failing_plugin,),
        in_shell=True,
    ),
    Mistake(
        "command that raises an exception",
        "sacred acme",
        f"Error: unexpected KeyError: 'no account' (in acme)\n{_BUG}sacred --traceback acme",
        1,
        needs=(failing_plugin,),
        in_shell=True,
    ),
]
