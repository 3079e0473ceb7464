"""Mistakes in the command line of a script: commands and options."""

from .set_ups import three_runs
from .table import Mistake

TITLE = "Commands and options of a script"
INTRODUCTION = "The script is the one at the top of this page."

ROWS = [
    Mistake(
        "unknown command",
        "python train.py nope",
        "Error: the experiment 'train' has no command 'nope': it has main, "
        "print_config, print_dependencies, print_named_configs, save_config, sweep",
    ),
    Mistake(
        "misspelt command",
        "python train.py prnt_config",
        "Error: the experiment 'train' has no command 'prnt_config': did you mean 'print_config'?",
    ),
    Mistake(
        "command with a hyphen",
        "python train.py print-config",
        "Error: the experiment 'train' has no command 'print-config': did you mean 'print_config'?",
    ),
    Mistake(
        "two commands",
        "python train.py main main",
        "Error: unexpected argument 'main': config updates go after 'with'",
    ),
    Mistake(
        "named configuration without 'with'",
        "python train.py quick",
        "Error: 'quick' is not a command, but a named configuration: write: with quick",
    ),
    Mistake(
        "file without 'with'",
        "python train.py changes.yaml",
        "Error: 'changes.yaml' is not a command, but a file: write: with changes.yaml",
    ),
    Mistake(
        "help for a command that does not exist",
        "python train.py help nope",
        "Error: the experiment 'train' has no command 'nope': it has main, "
        "print_config, print_dependencies, print_named_configs, save_config, sweep",
    ),
    Mistake(
        "help for two commands",
        "python train.py help main main",
        "Error: help takes one command",
    ),
    Mistake(
        "update without 'with'",
        "python train.py lr=1",
        "Error: 'lr=1' is not a command: config updates go after 'with': with lr=1",
    ),
    Mistake(
        "update before 'with'",
        "python train.py lr=1 with epochs=3",
        "Error: 'lr=1' is not a command: config updates go after 'with': with lr=1 epochs=3",
    ),
    Mistake(
        "update after the command",
        "python train.py main lr=1",
        "Error: unexpected argument 'lr=1': config updates go after 'with': main with lr=1",
    ),
    Mistake(
        "'with' twice",
        "python train.py with lr=1 with epochs=3",
        "Error: 'with' is given twice: write: with lr=1 epochs=3",
    ),
    Mistake(
        "'with' without an update",
        "python train.py with",
        "Error: expected at least one update after 'with'",
    ),
    Mistake(
        "file name after save_config",
        "python train.py save_config settings.yaml",
        "Error: unexpected argument 'settings.yaml': config updates go after 'with': "
        "save_config with config_filename=settings.yaml",
    ),
    Mistake(
        "unknown option",
        "python train.py --nope",
        "Error: No such option '--nope': --help lists the options",
    ),
    Mistake(
        "option of another name",
        "python train.py --desc baseline",
        "Error: No such option '--desc': did you mean '--comment'?",
    ),
    Mistake(
        "misspelt option",
        "python train.py --print_confg",
        "Error: No such option '--print_confg': did you mean '--print_config'?",
    ),
    Mistake(
        "ambiguous option",
        "python train.py --c text",
        "Error: No such option '--c': it is ambiguous (--capture, --comment)",
    ),
    Mistake(
        "unknown short option",
        "python train.py -Z",
        "Error: No such option '-Z': --help lists the options",
    ),
    Mistake(
        "short option in the wrong case",
        "python train.py -L INFO",
        "Error: No such option '-L': did you mean '-l'?",
    ),
    Mistake(
        "long option with one hyphen",
        "python train.py -print_config",
        "Error: '-print_config' is not an option: did you mean '--print_config'?",
    ),
    Mistake(
        "short option with an equals sign",
        "python train.py -F=my_runs",
        "Error: '-F=my_runs' is not an option: did you mean -F my_runs?",
    ),
    Mistake(
        "equals sign for an option without argument",
        "python train.py -p=3",
        "Error: '-p=3' is not an option: -p takes no argument",
    ),
    Mistake(
        "argument for an option without one",
        "python train.py --debug=5",
        "Error: Option '--debug' does not take a value.",
    ),
    Mistake(
        "entry as an option",
        "python train.py --lr=0.5",
        "Error: No such option '--lr': to change the entry 'lr' write: with lr=0.5",
    ),
    Mistake(
        "entry as an option, with a space",
        "python train.py --lr 0.5",
        "Error: No such option '--lr': to change the entry 'lr' write: with lr=0.5",
    ),
    Mistake(
        "entry as a short option",
        "python train.py -lr 0.5",
        "Error: '-lr' is not an option: to change the entry 'lr' write: with lr=0.5",
    ),
    Mistake(
        "-f in place of -F",
        "python train.py -f my_runs",
        "Error: -f takes no argument: did you mean -F my_runs?",
    ),
    Mistake(
        "-p in place of -P",
        "python train.py -p 3",
        "Error: -p takes no argument: did you mean -P 3?",
    ),
    Mistake(
        "argument missing at the end",
        "python train.py --comment",
        "Error: Option '--comment' requires an argument.",
    ),
    Mistake(
        "argument missing before 'with'",
        "python train.py -F with lr=1",
        "Error: -F requires an argument: 'with' was taken as its argument",
    ),
    Mistake(
        "argument missing before a named configuration",
        "python train.py -F with quick",
        "Error: -F requires an argument: 'with' was taken as its argument",
    ),
    Mistake(
        "argument missing before another option",
        "python train.py -F -u",
        "Error: -F requires an argument, but '-u' comes after it",
    ),
    Mistake(
        "log level",
        "python train.py -l loud",
        "Error: 'loud' is not a log level: use a number or one of DEBUG, INFO, "
        "WARNING, ERROR, CRITICAL",
    ),
    Mistake(
        "heartbeat interval that is not a number",
        "python train.py -b soon",
        "Error: --beat_interval must be a number, got 'soon'",
    ),
    Mistake(
        "heartbeat interval of 0",
        "python train.py -b 0",
        "Error: --beat_interval must be a number of seconds above 0, got '0'",
    ),
    Mistake(
        "priority that is not a number",
        "python train.py -P high",
        "Error: --priority must be a number, got 'high'",
    ),
    Mistake(
        "priority nan",
        "python train.py -P nan",
        "Error: --priority must be a number, got 'nan'",
    ),
    Mistake(
        "capture mode",
        "python train.py -C tape",
        "Error: --capture must be one of no, sys and fd, got 'tape'",
    ),
    Mistake(
        "empty name",
        "python train.py -n ''",
        "Error: --name must not be empty",
    ),
    Mistake(
        "empty id",
        "python train.py -i ''",
        "Error: --id: run id '' is empty: give a name or an integer",
    ),
    Mistake(
        "negative id",
        "python train.py -i -3",
        "Error: --id: run id '-3' is out of range: an integer must be 0 to 999999999999999",
    ),
    Mistake(
        "no repository",
        "python train.py -e",
        "Error: --enforce_clean: no git repository is recorded for this experiment "
        "(is git installed, is there a commit, is save_git_info off?)",
    ),
    Mistake(
        "password as an argument",
        "python train.py password=hunter2hunter2",
        "Error: 'password=***' is not a command: config updates go after 'with': with password=***",
    ),
    Mistake(
        "id that is not a name of a file",
        "python train.py -i a/b",
        "Error: --id: run id 'a/b' must not contain any of / \\ : * ? \" < > |",
    ),
    Mistake(
        "id that is taken",
        "python train.py -F my_runs -i 1 -l CRITICAL",
        "Error: the observer FileStorageObserver could not record the start of the run: run id '1' "
        "already exists in '/home/ada/my_runs': choose another one",
        1,
        (three_runs,),
    ),
    Mistake(
        "file in place of a folder",
        "python train.py -F train.py -l CRITICAL",
        "Error: the observer FileStorageObserver could not record the start of the run: "
        "It is a file, not a folder: '/home/ada/train.py'",
        1,
    ),
    Mistake(
        "run without observers",
        "python train.py -l WARNING",
        "WARNING - train - No observers have been added to this run: nothing is recorded. Use -F "
        "my_runs to store it in a folder",
        0,
    ),
    Mistake(
        "queued run without observers",
        "python train.py -q -l WARNING",
        "WARNING - train - No observers have been added to this run: nothing is recorded. Use -F "
        "my_runs to store it in a folder\n"
        "WARNING - train - The run is not queued, because it has no observers",
        0,
    ),
    Mistake(
        "queued run that is not observed",
        "python train.py -q -u -l WARNING",
        "WARNING - train - The run is not queued, because it has no observers",
        0,
    ),
    Mistake(
        "option for a configuration file",
        "python train.py --config changes.yaml",
        "Error: No such option '--config': write updates and configuration files after 'with'",
    ),
    Mistake(
        "seed as an option",
        "python train.py --seed 5",
        "Error: No such option '--seed': to change the entry 'seed' write: with seed=5",
    ),
    Mistake(
        "command in capital letters",
        "python train.py Print_Config",
        "Error: the experiment 'train' has no command 'Print_Config': did you mean 'print_config'?",
    ),
    Mistake(
        "output that is read in part",
        "python train.py print_config -l ERROR | head -1",
        "Configuration (modified, added, typechanged, doc):",
        0,
        in_shell=True,
    ),
    Mistake(
        "stdout that is closed",
        "python train.py print_config -l ERROR >&-",
        "",
        0,
        in_shell=True,
    ),
    Mistake(
        "run to resume that does not exist",
        "python train.py -F my_runs --resume 9",
        "Error: --resume 9: run '9' not found in '/home/ada/my_runs'",
        needs=(three_runs,),
    ),
    Mistake(
        "run to resume that has completed",
        "python train.py -F my_runs --resume 1",
        "Error: run '1' has completed: to start a new run from it, add --fork",
        needs=(three_runs,),
    ),
    Mistake(
        "run to resume with another configuration",
        "python train.py -F my_runs --resume 3",
        "Error: run '3' was recorded with another configuration: lr: 0.001 → 0.1, …. To resume it, "
        "repeat its updates; to start a new run from it with these values, add --fork",
        needs=(three_runs,),
    ),
    Mistake(
        "resuming without an observer",
        "python train.py --resume 1",
        "Error: --resume requires an observer with a store, in which the run is found: use "
        "-F FOLDER, or add one to ex.observers",
    ),
    Mistake(
        "fork of no run",
        "python train.py --fork",
        "Error: --fork requires --resume ID: the run from which the new one starts",
    ),
]
