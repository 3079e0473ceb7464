"""Mistakes in updates, named configurations and configuration files."""

from .set_ups import no_toml_library, other_files
from .table import Mistake

TITLE = "Updates and configuration files of a script"
INTRODUCTION = "What comes after `with`."

ROWS = [
    Mistake(
        "update without a name",
        "python train.py with =5",
        "Error: '=5' names no entry: write entry=value or group.entry=value",
    ),
    Mistake(
        "update with an empty part",
        "python train.py with optimizer..rate=1",
        "Error: 'optimizer..rate=1' names no entry: write entry=value or group.entry=value",
    ),
    Mistake(
        "spaces around the equals sign",
        "python train.py with lr = 0.1",
        "Error: 'lr = 0.1' has spaces around '=': write lr=0.1",
    ),
    Mistake(
        "space before the equals sign",
        "python train.py with lr =0.1",
        "Error: 'lr =0.1' has spaces around '=': write lr=0.1",
    ),
    Mistake(
        "space after the equals sign",
        "python train.py with lr= 0.1",
        "Error: 'lr= 0.1' has spaces around '=': write lr=0.1",
    ),
    Mistake(
        "list with spaces",
        "python train.py with layers=[1, 2]",
        "Error: unknown named configuration '2]'. If it is part of the value before "
        "it, use quotes: 'layers=[1, 2]'",
    ),
    Mistake(
        "value with a comma and a space",
        "python train.py with lr=0.1, 2",
        "Error: unknown named configuration '2'. If it is part of the value before "
        "it, use quotes: 'lr=0.1, 2'",
    ),
    Mistake(
        "string with a space",
        "python train.py with name=two words",
        "Error: unknown named configuration 'words'. If it is part of the value "
        "before it, use quotes: 'name=two words'",
    ),
    Mistake(
        "colon in place of the equals sign",
        "python train.py with lr:1",
        "Error: 'lr:1' is not an update: write lr=1",
    ),
    Mistake(
        "entry without a value",
        "python train.py with optimizer rate=1",
        "Error: 'optimizer' is an entry, not a named configuration: write optimizer=VALUE",
    ),
    Mistake(
        "misspelt entry",
        "python train.py with epohcs=3",
        "Error: unknown config entry 'epohcs': not defined in the configuration and "
        "not used by any captured function: did you mean 'epochs'?",
    ),
    Mistake(
        "entry of a dictionary without its path",
        "python train.py with rate=1",
        "Error: unknown config entry 'rate': not defined in the configuration and not"
        " used by any captured function: did you mean 'optimizer.rate'?",
    ),
    Mistake(
        "slash in a path",
        "python train.py with optimizer/rate=1",
        "Error: unknown config entry 'optimizer/rate': not defined in the "
        "configuration and not used by any captured function: did you mean "
        "'optimizer.rate'?",
    ),
    Mistake(
        "colon in a path",
        "python train.py with optimizer:rate=1",
        "Error: unknown config entry 'optimizer:rate': not defined in the "
        "configuration and not used by any captured function: did you mean "
        "'optimizer.rate'?",
    ),
    Mistake(
        "brackets in a path",
        "python train.py with 'optimizer[rate]=1'",
        "Error: unknown config entry 'optimizer[rate]': not defined in the "
        "configuration and not used by any captured function: did you mean "
        "'optimizer.rate'?",
    ),
    Mistake(
        "index in brackets",
        "python train.py with 'layers[0]=5'",
        "Error: unknown config entry 'layers[0]': not defined in the configuration "
        "and not used by any captured function: did you mean 'layers.0'?",
    ),
    Mistake(
        "path of a query",
        "python train.py with config.lr=1",
        "Error: unknown config entry 'config.lr': not defined in the configuration "
        "and not used by any captured function: did you mean 'lr'?",
    ),
    Mistake(
        "metric of a query",
        "python train.py with metrics.loss=1",
        "Error: unknown config entry 'metrics.loss': 'metrics' is recorded by a run "
        "and cannot be set",
    ),
    Mistake(
        "metric that the script logs",
        "python train.py with loss=1",
        "Error: unknown config entry 'loss': it is a metric, which main() logs; only "
        "entries of the configuration can be set",
    ),
    Mistake(
        "result",
        "python train.py with result=1",
        "Error: unknown config entry 'result': 'result' is recorded by a run and cannot be set",
    ),
    Mistake(
        "path into a number",
        "python train.py with lr.x=1",
        "Error: lr.x cannot be set: 'lr' is 0.1, which has no entries",
    ),
    Mistake(
        "index out of range",
        "python train.py with layers.2=1",
        "Error: layers.2 cannot be set: 'layers' is a list of 2, whose items are 0 to 1",
    ),
    Mistake(
        "two updates that contradict each other",
        "python train.py with optimizer=1 optimizer.rate=2",
        "Error: the update of 'optimizer.rate' requires a dictionary at 'optimizer', which "
        "another update sets to 1",
    ),
    Mistake(
        "key that cannot be stored",
        "python train.py with optimizer.py/object=1",
        "Error: the configuration key 'py/object' (at 'optimizer.py/object') has a "
        "special meaning for jsonpickle: rename it, or set "
        "SETTINGS.CONFIG.ENFORCE_KEYS_JSONPICKLE_COMPATIBLE = False",
    ),
    Mistake(
        "misspelt named configuration",
        "python train.py with quik",
        "Error: unknown named configuration 'quik': did you mean 'quick'?",
    ),
    Mistake(
        "unknown named configuration",
        "python train.py with large",
        "Error: unknown named configuration 'large' (available: quick)",
    ),
    Mistake(
        "file that does not exist",
        "python train.py with nowhere.yaml",
        "Error: the file 'nowhere.yaml' cannot be read: No such file or directory",
    ),
    Mistake(
        "file of an unknown format",
        "python train.py with c.ini",
        "Error: unknown named configuration 'c.ini' (available: quick); configuration"
        " files end in .json, .pickle, .pkl, .toml, .yaml, .yml",
        needs=(other_files,),
    ),
    Mistake(
        "file of an unknown format that does not exist",
        "python train.py with x.ini",
        "Error: unknown named configuration 'x.ini' (available: quick); configuration"
        " files end in .json, .pickle, .pkl, .toml, .yaml, .yml",
    ),
    Mistake(
        "empty JSON file",
        "python train.py with empty.json",
        "Error: the file 'empty.json' cannot be read: Expecting value: line 1 column 1 (char 0)",
        needs=(other_files,),
    ),
    Mistake(
        "YAML file that is not complete",
        "python train.py with broken.yaml",
        "Error: the file 'broken.yaml' cannot be read: while parsing a flow node…",
        needs=(other_files,),
    ),
    Mistake(
        "TOML file that is not complete",
        "python train.py with broken.toml",
        "Error: the file 'broken.toml' cannot be read: Invalid value (at line 1, column 6)",
        needs=(other_files,),
    ),
    Mistake(
        "TOML file with a key twice",
        "python train.py with twice.toml",
        "Error: the file 'twice.toml' cannot be read: Cannot overwrite a value (at "
        "line 2, column 7)",
        needs=(other_files,),
    ),
    Mistake(
        "file without a dictionary",
        "python train.py with list.json",
        "Error: the file 'list.json' contains a list: expected a dictionary of config entries",
        needs=(other_files,),
    ),
    Mistake(
        "folder in place of a file",
        "python train.py with folder.json",
        "Error: the file 'folder.json' cannot be read: Is a directory, not a file",
        needs=(other_files,),
    ),
    Mistake(
        "seed that is not a number",
        "python train.py with seed=abc",
        "Error: seed must be an integer, got 'abc'",
    ),
    Mistake(
        "seed that is a fraction",
        "python train.py with seed=1.5",
        "Error: seed must be an integer, got 1.5",
    ),
    Mistake(
        "file format that cannot be written",
        "python train.py save_config with config_filename=x.ini -l CRITICAL",
        "Error: the format of 'x.ini' is unknown: configuration files end in .json, "
        ".pickle, .pkl, .toml, .yaml, .yml",
        1,
    ),
    Mistake(
        "folder that does not exist",
        "python train.py save_config with config_filename=nowhere/x.json -l CRITICAL",
        "Error: 'nowhere/x.json' cannot be written: No such file or directory",
        1,
    ),
    Mistake(
        "None in a TOML file",
        "python train.py save_config with config_filename=x.toml name=None -l CRITICAL",
        "Error: 'x.toml' cannot be written: 'name' is None, for which TOML has no value: use a "
        ".yaml file",
        1,
    ),
    Mistake(
        "TOML file that no library writes",
        "python train.py save_config with config_filename=x.toml -l CRITICAL",
        "Error: 'x.toml' cannot be written: no library for writing TOML is installed (install one "
        "with: pip install tomli-w)",
        1,
        needs=(no_toml_library,),
        in_shell=True,
    ),
    Mistake(
        "string in place of a number",
        "python train.py -u -l WARNING with epochs=many",
        'WARNING - root - Changed type of config entry "epochs" from int to str',
        0,
    ),
    Mistake(
        "entry in capital letters",
        "python train.py with LR=0.1",
        "Error: unknown config entry 'LR': not defined in the configuration and not used by any "
        "captured function: did you mean 'lr'?",
    ),
    Mistake(
        "space in place of the equals sign",
        "python train.py with 'lr 0.1'",
        "Error: 'lr 0.1' is not an update: write lr=0.1",
    ),
    Mistake(
        "entry alone",
        "python train.py with lr",
        "Error: 'lr' is an entry, not a named configuration: write lr=VALUE",
    ),
    Mistake(
        "decimal comma",
        "python train.py -u -l WARNING with epochs=0,5",
        'WARNING - root - Changed type of config entry "epochs" from int to list: a comma makes a '
        "list of a value",
        0,
    ),
    Mistake(
        "list that is not complete",
        "python train.py -u -l WARNING with 'layers=[1, 2'",
        "WARNING - root - Changed type of config entry \"layers\" from list to str: '[1, 2' is a "
        "string, because it is not a Python literal",
        0,
    ),
]
