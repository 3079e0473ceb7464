"""Tests of what is refused, and of what is warned of."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from sacred_core import SETTINGS, Experiment
from sacred_core.dotted_path import DottedPath
from sacred_core.exceptions import (
    CircularDependencyError,
    ConfigAddedError,
    ConfigError,
    ConfigKeyError,
    ConfigPathError,
    NamedConfigNotFoundError,
)
from sacred_core.ingredient import Ingredient


@pytest.fixture
def ex() -> Experiment:
    experiment = Experiment("checked")
    experiment.add_config(
        opt={"lr": 0.1, "momentum": 0.9}, layers=[{"size": 1}, {"size": 2}], flag=True, none=None
    )
    experiment.main(lambda layers: None)
    return experiment


RESTRICTIONS = [
    ("ENFORCE_KEYS_NO_EQUALS", True, "a=b"),
    ("ENFORCE_KEYS_JSONPICKLE_COMPATIBLE", True, "py/object"),
    ("ENFORCE_STRING_KEYS", False, 3),
    ("ENFORCE_VALID_PYTHON_IDENTIFIER_KEYS", False, "no identifier"),
]


def _scope(ex: Experiment, entries: Any) -> None:
    global SCOPE_ENTRIES
    SCOPE_ENTRIES = entries

    @ex.config
    def scope():
        holder = SCOPE_ENTRIES


def _file(ex: Experiment, entries: Any) -> None:
    import pickle

    Path("conf.pickle").write_bytes(pickle.dumps({"holder": entries}))
    ex.add_config("conf.pickle")


POSITIONS = {
    "dictionary": lambda ex, entries: ex.add_config({"holder": entries}),
    "nested": lambda ex, entries: ex.add_config({"holder": {"deep": [entries]}}),
    "scope": _scope,
    "file": _file,
    "update": lambda ex, entries: ex.run(config_updates={"opt": entries}),
}


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize(("setting", "default", "key"), RESTRICTIONS)
def test_each_restriction_of_keys_in_each_position(
    ex: Experiment,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    position: str,
    setting: str,
    default: bool,
    key: Any,
) -> None:
    """Switched on it refuses, naming itself; switched off it does not."""
    monkeypatch.chdir(tmp_path)
    assert SETTINGS.CONFIG[setting] is default
    monkeypatch.setattr(SETTINGS.CONFIG, setting, True)

    def use() -> None:
        ex.main(lambda opt: None)
        POSITIONS[position](ex, {key: 1})
        ex.run()

    with pytest.raises(ConfigKeyError, match=f"SETTINGS.CONFIG.{setting} = False"):
        use()
    for name, _, _ in RESTRICTIONS:
        monkeypatch.setattr(SETTINGS.CONFIG, name, False)
    allowed = Experiment("allowed")
    allowed.add_config(opt={})
    allowed.main(lambda opt: None)
    POSITIONS[position](allowed, {key: 1})
    allowed.run()


@pytest.mark.parametrize(
    ("path", "suggestion"),
    [
        ("opt.lrr", "did you mean 'opt.lr'"),
        ("otp.lr", "'opt.lr'"),
        ("momentum", "'opt.momentum'"),
        ("flagg", "did you mean 'flag'"),
    ],
)
def test_an_entry_that_nothing_uses_names_the_nearest(
    ex: Experiment, path: str, suggestion: str
) -> None:
    """An entry that nothing uses names the nearest, at every depth; the error is a KeyError, and
    nothing is run.
    """
    ex.main(lambda flag: pytest.fail("it ran"))
    with pytest.raises(ConfigAddedError, match=suggestion) as caught:
        ex.run(config_updates={path: 1})
    assert isinstance(caught.value, KeyError)
    assert f"unknown config entry {path!r}" in str(caught.value)


def test_an_added_entry_that_a_function_takes_is_a_warning(
    ex: Experiment, caplog: pytest.LogCaptureFixture
) -> None:
    """An added entry that a function takes is a warning, by its own name, through its parent, or
    below a prefix.
    """

    @ex.capture(prefix="below.here")
    def prefixed(x: int = 0) -> int:
        return x

    ex.main(lambda opt, new=0: (opt["extra"], new, prefixed()))
    run = ex.run(config_updates={"opt.extra": 1, "new": 2, "below.here.x": 3})
    assert run.result == (1, 2, 3)
    for path in ("opt.extra", "new", "below.here.x"):
        assert f'Added new config entry: "{path}"' in caplog.text


def test_the_warning_of_an_added_entry_suggests_too(
    ex: Experiment, caplog: pytest.LogCaptureFixture
) -> None:
    """A function that takes the whole group may use anything in it: only a warning can help."""
    ex.main(lambda opt: None)
    ex.run(config_updates={"opt.lrr": 1})
    assert "Added new config entry: \"opt.lrr\": did you mean 'opt.lr'?" in caplog.text


@pytest.mark.parametrize(
    "update", [{"nothing": 1}, {"opt.lrr": 1}, {"new.group.x": 1}, {"flag": "x", "opt": None}]
)
def test_force_leaves_out_all_checks(
    ex: Experiment, update: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    """Force leaves out all checks, also that for unknown entries, which are part of the
    configuration then (as in Sacred).
    """
    config = dict(ex.run(config_updates=update, options={"-f": True}).config)
    for path, value in update.items():
        assert DottedPath.parse(path).find(config) == value
    assert [r.message for r in caplog.records if "entry" in r.message] == []


def test_force_does_not_resolve_a_contradiction(ex: Experiment) -> None:
    """An update inside a value that has no entries cannot be applied."""
    with pytest.raises(ConfigPathError, match="which has no entries"):
        ex.run(config_updates={"flag.x": 1}, options={"--force": True})


@pytest.mark.parametrize(
    ("entry", "old"),
    [("flag", "bool"), ("opt", "dict"), ("opt.lr", "float"), ("layers", "list")],
)
@pytest.mark.parametrize("way", ["update", "named", "nested"])
def test_a_change_to_none_is_warned_of(
    ex: Experiment, entry: str, old: str, way: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A change to none is warned of, as Sacred does, whichever layer changes it."""
    ex.main(lambda: None)
    nested: Any = None
    for part in reversed(entry.split(".")):
        nested = {part: nested}
    if way == "named":
        ex.add_named_config("unset", nested)
        ex.run(named_configs=["unset"])
    else:
        ex.run(config_updates=nested if way == "nested" else {entry: None})
    warnings = [r.message for r in caplog.records if "Changed type" in r.message]
    assert warnings == [f'Changed type of config entry "{entry}" from {old} to NoneType']


@pytest.mark.parametrize("seed", [None, 5])
def test_a_seed_of_none_is_no_change_of_type(
    ex: Experiment, seed: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """None asks for a seed to be drawn, and the entry is an integer in the end."""
    ex.add_config(seed=seed)
    assert isinstance(ex.run(config_updates={"seed": None}).config["seed"], int)
    assert "Changed type" not in caplog.text


def test_changed_types_are_warned_of(ex: Experiment, caplog: pytest.LogCaptureFixture) -> None:
    """The message of section 1.4.3; `--force` silences it."""
    changes = {"flag": "x", "opt.lr": "high"}
    ex.run(config_updates=changes)
    assert 'Changed type of config entry "flag" from bool to str' in caplog.text
    assert 'Changed type of config entry "opt.lr" from float to str' in caplog.text
    caplog.clear()
    ex.run(config_updates=changes, options={"--force": True})
    assert "Changed type" not in caplog.text


def test_numbers_and_none_are_no_change_of_type(
    ex: Experiment, caplog: pytest.LogCaptureFixture
) -> None:
    """Integers and fractions, numpy's and Python's, and what was None."""
    numpy = pytest.importorskip("numpy")
    ex.add_config(n=1)
    ex.run(config_updates={"opt.lr": 1, "n": numpy.float64(2.5), "none": "text"})
    assert "Changed type" not in caplog.text


@pytest.mark.parametrize(
    ("update", "spelling"),
    [
        ("flag=false", "write flag=False"),
        ("flag=yes", "write flag=True"),
        ("none=null", "write None as none=None"),
        ("flag=none", "write None as flag=None"),
    ],
)
def test_words_of_other_languages_are_warned_of(
    ex: Experiment, caplog: pytest.LogCaptureFixture, update: str, spelling: str
) -> None:
    """A boolean or None that would become a string is warned of with the right spelling."""
    ex.run_commandline(["checked.py", "with", update])
    assert spelling in caplog.text


@pytest.mark.parametrize(
    ("updates", "expected"),
    [
        ({"flag.deep": 1}, "flag.deep cannot be set: 'flag' is True, which has no entries"),
        ({"layers.2.size": 1}, "'layers' is a list of 2, whose items are 0 to 1"),
        ({"layers.first": 1}, "layers.first cannot be set"),
        ({"opt": 1, "opt.lr": 2}, "requires a dictionary at 'opt', which another update sets to 1"),
    ],
)
def test_a_path_that_does_not_fit_is_an_error(
    ex: Experiment, updates: dict[str, Any], expected: str
) -> None:
    """Nothing is replaced by accident."""
    with pytest.raises(ConfigPathError, match=expected):
        ex.run(config_updates=updates)


def test_an_index_reaches_into_a_list(ex: Experiment) -> None:
    """`layers.1.size=5` leaves the rest; the list counts as modified."""
    run = ex.run(config_updates={"layers.1.size": 5, "layers.-2.size": 7})
    assert run.config["layers"] == [{"size": 7}, {"size": 5}]
    assert run.config_modifications.modified == {"layers.1.size", "layers.-2.size"}


def test_unknown_named_config_suggests(ex: Experiment) -> None:
    """The nearest names, or all there are."""
    ex.add_named_config("variant", flag=False)
    with pytest.raises(NamedConfigNotFoundError, match="did you mean 'variant'"):
        ex.run(named_configs=["varaint"])
    with pytest.raises(NamedConfigNotFoundError, match=r"\(available: variant\)"):
        ex.run(named_configs=["xyz"])


def test_file_wins_over_a_named_config(
    ex: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Section 1.4.2; without the file the configuration of that name is meant."""
    monkeypatch.chdir(tmp_path)
    ex.add_named_config("v.json", opt={"lr": 1})
    assert ex.run(named_configs=["v.json"]).config["opt"]["lr"] == 1
    Path("v.json").write_text(json.dumps({"opt": {"lr": 2}}))
    assert ex.run(named_configs=["v.json"]).config["opt"]["lr"] == 2


def test_ingredients_in_a_circle_are_refused() -> None:
    """The error shows the circle."""
    a, b = Ingredient("a"), Ingredient("b")
    a.ingredients.append(b)
    b.ingredients.append(a)
    ex = Experiment("circle", ingredients=[a])
    with pytest.raises(CircularDependencyError, match="'a' -> 'b' -> 'a'"):
        list(ex.traverse_ingredients())


def test_two_ingredients_with_one_path_are_refused() -> None:
    """The error names the path."""
    ex = Experiment("twins", ingredients=[Ingredient("same"), Ingredient("same")])
    ex.main(lambda: None)
    with pytest.raises(ConfigError, match="same path 'same'"):
        ex.run()


def test_config_hook_must_take_its_arguments_and_return_entries(ex: Experiment) -> None:
    """Both errors are reported."""
    with pytest.raises(ConfigError, match=r"takes \(config\): it must take"):
        ex.config_hook(lambda config: {})

    @ex.config_hook
    def hook(config: Any, command_name: str, logger: Any) -> Any:
        return 3

    with pytest.raises(
        ConfigError, match=r"the config hook 'hook' must return a dictionary .* got 3"
    ):
        ex.run()


def unknown(ex: Experiment, **arguments: Any) -> str:
    with pytest.raises(ConfigAddedError) as caught:
        ex.run(**arguments)
    return str(caught.value)


def test_an_unknown_entry_of_a_file_names_the_file(ex: Experiment, tmp_path: Path) -> None:
    """An unknown entry of a file names the file, and never suggests what the same file defines."""
    path = tmp_path / "conf.json"
    path.write_text('{"optt": {"lr": 1, "lrr": 2}, "optn": 1, "flag": false}')
    error = unknown(ex, named_configs=[str(path)])
    assert error.startswith(
        f"unknown config entry 'optn' in the file {str(path)!r}: not defined in"
    )
    assert "optt" not in error


def test_an_unknown_entry_of_a_named_configuration_names_it(ex: Experiment) -> None:
    """An unknown entry of a named configuration names it, with its place, where it has one; of an
    update there is nothing to name.
    """
    ex.add_named_config("variant", flagg=1)
    assert "'flagg' in the named config variant: not" in unknown(ex, named_configs=["variant"])

    @ex.named_config
    def scoped():
        flagg = 1

    error = unknown(ex, named_configs=["scoped"])
    assert f"'flagg' in the named config scoped ({__file__}:" in error
    assert "'flagg': not defined" in unknown(ex, config_updates={"flagg": 1})


def test_an_ingredient_cannot_be_set_to_a_value() -> None:
    """An ingredient cannot be set to a value, by an update or by a named configuration; its entries
    can.
    """
    part = Ingredient("part")
    part.add_config(n=1)
    ex = Experiment("whole", ingredients=[part], save_git_info=False)
    ex.main(lambda part: part["n"])
    ex.add_named_config("variant", part=5)
    for arguments in ({"config_updates": {"part": 5}}, {"named_configs": ["variant"]}):
        with pytest.raises(ConfigPathError, match="'part' is an ingredient and cannot be set to 5"):
            ex.run(**arguments)
    assert ex.run(config_updates={"part": {"n": 2}}).result == 2


def test_an_integer_key_gives_no_false_type_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """`labels.0=bird` changes a string to a string; a real change is still a warning."""
    ex = Experiment("labels", save_git_info=False)
    ex.add_config(labels={0: "cat", 1: {2: "dog"}})
    ex.main(lambda labels: labels)
    run = ex.run_commandline("prog with labels.0=bird labels.1.2=cow")
    assert run.result == {0: "bird", 1: {2: "cow"}}
    assert not [r for r in caplog.records if "Changed type" in r.message]
    assert run.config_modifications.modified == {"labels.0", "labels.1.2"}
    assert ex.run_commandline("prog with labels.0=5").result[0] == 5
    (warning,) = [r.message for r in caplog.records if "Changed type" in r.message]
    assert '"labels.0" from str to int' in warning


NUMBERS = {
    "inf": math.inf, "-inf": -math.inf, "+inf": math.inf, "Inf": math.inf, "1e5": 1e5,
    "1e-3": 0.001, "1.50": 1.5, "0x10": 16, "1_000": 1000, "+3": 3, ".5": 0.5,
}  # fmt: skip


@pytest.mark.parametrize(("text", "number"), NUMBERS.items())
@pytest.mark.parametrize("default", [0.1, 1, None])
def test_numbers_on_the_command_line(text: str, number: Any, default: Any) -> None:
    """Infinity too; wherever the entry is not a string."""
    ex = Experiment("numbers", save_git_info=False)
    ex.add_config(entry=default, deep={"entry": default})
    ex.main(lambda entry, deep: (entry, deep["entry"]))
    run = ex.run_commandline(["prog", "with", f"entry={text}", f"deep.entry={text}"])
    assert run.result == (number, number)
    assert [type(value) for value in run.result] == [type(number)] * 2
    assert run.meta_info["config_updates"] == {"entry": number, "deep": {"entry": number}}


def test_not_a_number_on_the_command_line() -> None:
    """`nan` is a number, also for an entry that only a function takes."""
    ex = Experiment("numbers", save_git_info=False)
    ex.main(lambda lr: lr)
    result = ex.run_commandline("prog with lr=nan").result
    assert type(result) is float and math.isnan(result)


@pytest.mark.parametrize("text", [*NUMBERS, "nan", "123e456", "-1e999"])
def test_a_string_stays_what_was_typed(text: str, caplog: pytest.LogCaptureFixture) -> None:
    """A number whose spelling would be lost, where the default is a string, at any place."""
    ex = Experiment("strings", save_git_info=False)

    @ex.config
    def scope():
        commit = "abc"
        deep = {"commit": "abc", "list": ["abc"]}
        label = f"at {commit}"

    ex.add_named_config("variant", commit="def")
    ex.main(lambda commit, deep, label: (commit, deep["commit"], deep["list"][0], label))
    updates = [f"commit={text}", f"deep.commit={text}", f"deep.list.0={text}"]
    for named in ([], ["variant"]):
        run = ex.run_commandline(["prog", "with", *named, *updates])
        assert run.result == (text, text, text, f"at {text}")
    assert not [r for r in caplog.records if "Changed type" in r.message]


def test_a_number_that_is_too_large_is_the_string(caplog: pytest.LogCaptureFixture) -> None:
    """Instead of infinity; for a number the warning names the changed type."""
    ex = Experiment("large", save_git_info=False)
    ex.add_config(commit=None, lr=0.1)
    ex.main(lambda commit, lr: (commit, lr))
    run = ex.run_commandline("prog with commit=123e456 lr=1e999")
    assert run.result == ("123e456", "1e999")
    (warning,) = [r.message for r in caplog.records if "Changed type" in r.message]
    assert '"lr" from float to str' in warning


def test_a_plain_number_changes_the_type_of_a_string(caplog: pytest.LogCaptureFixture) -> None:
    """A plain number changes the type of a string, as in Sacred: nothing of what was
    typed is lost.
    """
    ex = Experiment("plain", save_git_info=False)
    ex.add_config(entry="abc")
    ex.main(lambda entry: entry)
    assert ex.run_commandline("prog with entry=12").result == 12
    assert [r for r in caplog.records if "from str to int" in r.message]


def test_scopes_of_named_configurations_compute_with_numbers() -> None:
    """A number that is spelled in its own way is one wherever it is used."""
    ex = Experiment("computed", save_git_info=False)

    @ex.config
    def scope():
        steps = 1
        double = 2 * steps

    @ex.named_config
    def variant(steps):
        half = steps / 2

    @ex.config
    def later(steps):
        triple = 3 * steps

    ex.main(lambda steps, double, half, triple: (steps, double, half, triple))
    run = ex.run_commandline("prog with variant steps=1e3")
    assert run.result == (1000.0, 2000.0, 500.0, 3000.0)


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("keys", [(1, "1"), (None, "null"), (True, "true"), (0.5, "0.5")])
def test_keys_that_are_stored_as_one_are_refused(
    ex: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, position: str, keys: Any
) -> None:
    """Keys that are stored as one are refused, in each position and whatever the settings; the
    message names both.
    """
    monkeypatch.chdir(tmp_path)
    ex.add_config(opt={})
    ex.main(lambda opt: None)

    def use() -> None:
        POSITIONS[position](ex, dict.fromkeys(keys, 1))
        ex.run()

    with pytest.raises(ConfigKeyError) as caught:
        use()
    assert f"{keys[0]!r} and {keys[1]!r}" in str(caught.value)
