"""Draws programs that configure an experiment, as the source of a function.

Every Python release draws the same program for a number. Scopes, dictionaries, files, named
configurations, ingredients, config hooks and updates meet each other in them. What a scope derives
from an entry is a copy, since Sacred mixes up dictionaries that share parts.
"""

import random
import textwrap

NAMES = ["a", "b", "c", "d", "e"]
#: Entries that are dictionaries in most programs, so that they meet each other.
NESTED = {"c", "d", "e"}
#: In these, x and y are dictionaries, and k and m values.
KEYS = ["k", "m", "x", "y"]
#: What functions take: the entries, and what scopes derive from them.
TAKEN = [*NAMES, "f", "g", "h"]


def draw(number):
    """Return the source of the program with a number: ``program(lib, write)``.

    ``lib`` is `sacred` or `sacred_core`, ``write`` stores entries in a JSON file and returns its
    path. The program returns an experiment and the arguments with which to call its ``run``.
    """
    body = textwrap.indent("\n".join(Drawer(number).program()), "    ")
    lines = [line.rstrip() for line in body.splitlines()]
    return "\n".join(["import json", "", "", "def program(lib, write):", *lines, ""])


class Drawer:
    """Draws one program."""

    def __init__(self, number):
        self.random = random.Random(number)
        self.lines = []

    def program(self):
        """Return the lines of the function."""
        owners = self.ingredients()
        known = {owner: set() for owner in owners}
        named = []
        for owner, path in owners.items():
            self.configurations(owner, known[owner])
            named += self.named(owner, path, known[owner])
            if self.random.random() < 0.2:
                self.hook(owner, known[owner])
        self.functions(owners)
        chosen = [name for name in named if self.random.random() < 0.5]
        self.random.shuffle(chosen)
        call = {"config_updates": self.updates(owners, known), "named_configs": chosen}
        return [*self.lines, "return ex, %r" % call]

    def ingredients(self):
        owners = {}
        for index in range(self.random.choice([0, 0, 1, 1, 2])):
            path = "two" if index else self.random.choice(["one", "one.sub"])
            uses = "ing0" if index and self.random.random() < 0.5 else ""
            self.lines.append(
                "ing%d = lib.Ingredient(%r, ingredients=[%s], save_git_info=False)"
                % (index, path, uses)
            )
            owners["ing%d" % index] = path
        used = ", ".join(owners)
        self.lines += [
            "ex = lib.Experiment('program', ingredients=[%s], save_git_info=False)" % used,
            "",
        ]
        return {**owners, "ex": ""}

    def configurations(self, owner, known):
        for index in range(self.random.randint(1, 3)):
            kind = self.random.random()
            if kind < 0.6:
                known |= self.scope(owner, "scope%d" % index, known, 0.4)
                continue
            entries = self.entries()
            shown = repr(entries) if kind < 0.85 else "write(%r)" % entries
            self.lines += ["%s.add_config(%s)" % (owner, shown), ""]
            known |= set(entries)

    def named(self, owner, path, known):
        names = []
        for index in range(self.random.choice([0, 1, 1, 2])):
            name = "%s_named%d" % (owner, index)
            if self.random.random() < 0.6:
                self.scope(owner, name, known, 0.05, "named_config")
            else:
                self.lines += ["%s.add_named_config(%r, %r)" % (owner, name, self.entries()), ""]
            names.append(".".join(filter(None, [path, name])))
        return names

    def scope(self, owner, name, known, takes_some, decorator="config"):
        entries = self.entries()
        body = []
        for entry, value in entries.items():
            body += ["%s = %r" % (entry, value), *self.derived(entry, value)]
        takes = []
        if self.random.random() < takes_some:
            takes = self.random.sample(sorted(known), min(len(known), self.random.randint(0, 2)))
            takes = sorted(each for each in takes if each not in entries)
        if takes:
            shown = ["json.dumps(%s, sort_keys=True, default=repr)" % each for each in takes]
            body.append("h = [%s]" % ", ".join(shown))
        self.lines += ["@%s.%s" % (owner, decorator), "def %s(%s):" % (name, ", ".join(takes))]
        self.lines += [*("    " + line for line in body), ""]
        return set(entries)

    def derived(self, entry, value):
        kind = self.random.random()
        if isinstance(value, dict) and kind < 0.3:
            return ["g = sorted(%s) if isinstance(%s, dict) else 1" % (entry, entry)]
        if type(value) is int and kind < 0.4:
            return ["f = %s * 2 if isinstance(%s, (int, float)) else 0" % (entry, entry)]
        return ["g = {'of': json.loads(json.dumps(%s))}" % entry] if kind > 0.85 else []

    def hook(self, owner, known):
        name = self.random.choice(sorted(known))
        entries = {name: self.value(name)}
        if owner == "ex" and self.random.random() < 0.3:
            entries = {"added": 1}
        self.lines += ["@%s.config_hook" % owner, "def hook(config, command_name, logger):"]
        self.lines += ["    return %r" % entries, ""]

    def functions(self, owners):
        for owner in owners:
            if owner != "ex":
                self.lines += ["@%s.capture" % owner, "def use(%s):" % ", ".join(TAKEN)]
                self.lines += ["    pass", ""]
        takes = ", ".join("%s=None" % name for name in TAKEN)
        self.lines += ["@ex.main", "def main(%s):" % takes, "    pass", ""]

    def updates(self, owners, known):
        updates = {}
        for _ in range(self.random.choice([0, 1, 1, 2, 3])):
            owner = self.random.choice(sorted(owners))
            keys = [self.random.choice(sorted(known[owner]))]
            if keys[0] in NESTED:
                keys += [self.random.choice("xy") for _ in range(self.random.choice([0, 0, 0, 1]))]
                keys += [self.random.choice(KEYS)] if self.random.random() < 0.8 else []
            is_nested = keys[-1] in NESTED or keys[-1] in "xy"
            path = ".".join(filter(None, [owners[owner], *keys]))
            updates[path] = self.tree(2) if is_nested else self.leaf()
        return updates

    def entries(self):
        names = self.random.sample(NAMES, self.random.randint(1, 4))
        return {name: self.value(name) for name in names}

    def value(self, name):
        is_nested = (name in NESTED) != (self.random.random() < 0.02)
        return self.tree(1) if is_nested else self.leaf()

    def leaf(self):
        r = self.random
        return r.choice(
            [r.randint(0, 99), r.randint(1, 9) / 4, "s%d" % r.randint(0, 9), True, None,
             [r.randint(0, 9), 1]]
        )  # fmt: skip

    def tree(self, depth):
        keys = self.random.sample(KEYS, self.random.randint(1, 3))
        if depth == 3:
            keys = [key for key in keys if key in "km"] or ["k"]
        return {key: self.leaf() if key in "km" else self.tree(depth + 1) for key in keys}
