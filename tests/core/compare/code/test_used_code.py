"""Tests of reading from stored sources which functions a run used, and in which order."""

import textwrap
from collections.abc import Mapping, Sequence

import pytest

from sacred_core.compare.code.names import Place
from sacred_core.compare.code.project import Project
from sacred_core.compare.code.used_code import UsedCode


def used(
    sources: Mapping[str, str],
    executed: Sequence[str] = ("main",),
    main: str = "train.py",
    named: Sequence[str] = (),
    packages: Sequence[str] = (),
    base_dir: str = "",
) -> UsedCode:
    texts = {name: textwrap.dedent(text) for name, text in sources.items()}
    project = Project(texts, texts.get, main, packages, base_dir=base_dir)
    return UsedCode(project, [Place(main, name) for name in executed], named)


def order(found: UsedCode) -> list[str]:
    return [f"{place.source}:{place.name}" for place in sorted(found.order, key=found.order.get)]  # type: ignore[arg-type]


def names(found: UsedCode) -> list[str]:
    return [place.name for place in sorted(found.order, key=found.order.get)]  # type: ignore[arg-type]


def test_functions_are_followed_depth_first() -> None:
    """What a function calls comes after it, in the order of the calls; arguments come first."""
    found = used({
        "train.py": """
            def main():
                last(first(1))
                return [each(x) for x in items()]
            def first(x): return inner(x)
            def inner(x): return x
            def last(x): return x
            def each(x): return x
            def items(): return []
            def unused(): return main()
            """,
    })  # fmt: skip
    assert names(found) == ["main", "first", "inner", "last", "items", "each"]


@pytest.mark.parametrize(
    ("statement", "call", "source"),
    [
        ("import helper", "helper.f()", "helper.py"),
        ("import helper as h", "h.f()", "helper.py"),
        ("from helper import f", "f()", "helper.py"),
        ("from helper import f as g", "g()", "helper.py"),
        ("from helper import *", "f()", "helper.py"),
        ("import pack.inner", "pack.inner.f()", "pack/inner.py"),
        ("import pack.inner as p", "p.f()", "pack/inner.py"),
        ("from pack import inner", "inner.f()", "pack/inner.py"),
        ("from pack.inner import f", "f()", "pack/inner.py"),
        ("from pack import exported", "exported()", "pack/inner.py"),
        ("import pack", "pack.exported()", "pack/inner.py"),
        ("from space import part", "part.f()", "space/part.py"),
        ("import space.part", "space.part.f()", "space/part.py"),
        ("import installed", "installed.f()", "src/installed/__init__.py"),
        ("from pack import relative", "relative.call()", "pack/inner.py"),
        ("from pack import above", "above.call()", "pack/inner.py"),
        ("helper = 1", "late()", "helper.py"),
        ("import importlib", "importlib.import_module('helper').f()", "helper.py"),
        ("import helper", "list(map(helper.f, []))", "helper.py"),
        ("import helper", "getattr(helper, 'f')()", "helper.py"),
        ("import helper\nname = 'f'", "getattr(helper, name)()", "helper.py"),
        ("import helper\nCHOICES = {'f': helper.f}", "CHOICES['f']()", "helper.py"),
        ("import helper\nf = helper.f", "f()", "helper.py"),
        ("try:\n    import missing as m\nexcept ImportError:\n    import helper as m", "m.f()",
         "helper.py"),
    ],
)  # fmt: skip
def test_imports_are_resolved(statement: str, call: str, source: str) -> None:
    """Each way to import a module leads to its function."""
    body = "def f(): return 1\ndef g(): return 2\n"
    found = used({
        "train.py": f"{statement}\ndef main(): return {call}\n"
        "def late():\n    import helper\n    return helper.f()\n",
        "helper.py": body,
        "pack/__init__.py": "from .inner import f as exported\n",
        "pack/inner.py": body,
        "pack/relative.py": "from . import inner\ndef call(): return inner.f()\n",
        "pack/deep/__init__.py": "from ..inner import f\n",
        "pack/above.py": "from .deep import f\ndef call(): return f()\n",
        "space/part.py": body,
        "src/installed/__init__.py": body,
    })  # fmt: skip
    assert f"{source}:f" in order(found)
    others = {each for each in order(found) if each.endswith(":f")} - {f"{source}:f"}
    assert others <= {"train.py:f"} or "import_module" in call


@pytest.mark.parametrize(
    ("statement", "call"),
    [
        ("from acme.trials import helper", "helper.f()"),
        ("import acme.trials.helper", "acme.trials.helper.f()"),
        ("from trials import helper", "helper.f()"),
        ("from acme.trials import f", "f()"),
        ("from . import helper", "helper.f()"),
    ],
)
def test_a_script_in_a_package_imports_by_the_name_of_the_package(
    statement: str, call: str
) -> None:
    """The names of sources are relative to the folder of the script, which may be a package."""
    sources = {
        "train.py": f"{statement}\ndef main(): return {call}\n",
        "__init__.py": "from .helper import f\n",
        "helper.py": "def f(): return 1\n",
    }
    assert "helper.py:f" in order(used(sources, base_dir="/home/me/acme/trials"))


def test_packages_and_python_are_not_sources() -> None:
    """A source of the name of a package or of a module of Python is not what others import."""
    sources = {
        "train.py": "import numpy, queue\ndef main(): return numpy.f(), queue.f()\n",
        "tools/numpy.py": "def f(): return 1\n",
        "tools/queue.py": "def f(): return 1\n",
    }
    assert order(used(sources, packages=["numpy"])) == ["train.py:main"]


def test_methods_are_followed() -> None:
    """Methods are found through classes, their bases and names of attributes."""
    found = used({
        "train.py": """
            import models
            def main():
                model = models.make()
                model.fit(1)
            """,
        "models.py": """
            class Base:
                def shared(self): return 1
            class Model(Base):
                size = default()
                def __init__(self): self.other()
                def fit(self, x): return self.shared()
                def other(self): return 2
                def unused(self): return 3
            class Never:
                def quiet(self): return 4
            def make(): return Model()
            def default(): return 1
            """,
    })  # fmt: skip
    expected = "default main make Base Model Model.size Model.__init__ Model.other Model.fit"
    assert set(expected.split()) < set(names(found))
    assert names(found).index("Model.fit") < names(found).index("Base.shared")
    assert names(found)[-1] == "Model.unused"  # an object of the class is used: it may be called
    assert not {"Never", "Never.quiet"} & set(names(found))


def test_own_methods_are_those_of_the_class_and_its_relatives() -> None:
    """A method of ``self`` is that of the class, or of a class derived from it."""
    found = used({
        "train.py": """
            class Base:
                def run(self): return self.step()
                def step(self): return 1
            class Derived(Base):
                def extra(self): return 4
                def step(self): return self.other.go()
            class Unrelated:
                def step(self): return 2
                def go(self): return 3
            def main(): return Derived().run()
            """,
    })  # fmt: skip
    assert {"Base.step", "Derived.step", "Unrelated.go"} < set(names(found))
    assert "Unrelated.step" not in names(found)
    assert names(found).index("Derived.step") < names(found).index("Derived.extra")


def test_names_of_one_statement_are_found() -> None:
    """A name that is bound together with others is found where it is read."""
    found = used({"train.py": "low, high = limits()\ndef main(): return high\n"
                  "def limits(): return 1, 2\n"})  # fmt: skip
    assert names(found) == ["limits", "main", "high"]
    assert found.is_known
    assert not used({"train.py": "x = 1\n"}).is_known


def test_a_module_beside_the_script_comes_first() -> None:
    """As the folder of the script is the first one that Python searches."""
    body = "def f(): return 1\n"
    found = used({
        "train.py": "from lib import part\ndef main(): return part.call()\n",
        "lib/part.py": "import tools\nimport near\ndef call(): return tools.f(), near.f()\n",
        "lib/tools.py": body, "tools.py": body, "lib/near.py": body, "lib/other/near.py": body,
    })  # fmt: skip
    assert order(found) == ["train.py:main", "lib/part.py:call", "tools.py:f", "lib/near.py:f"]


def test_variables_hide_functions() -> None:
    """A parameter or a variable is not the function of this name."""
    found = used({
        "train.py": """
            def main(scale):
                total = scale * 2
                def inner(x): return x
                return inner(total)
            def scale(): return 1
            def total(): return 1
            """,
    })  # fmt: skip
    assert names(found) == ["main", "main.<locals>.inner"]


def test_the_order_of_imports_and_of_what_they_call() -> None:
    """Modules are imported depth first; what they call at once comes before all else."""
    found = used({
        "train.py": "import b, a\nfrom c import f\ndef main(): return f()\nsetup()\n"
        "def setup(): return 1\n",
        "a.py": "",
        "b.py": "import d\n",
        "c.py": "TABLE = build()\ndef build(): return 1\ndef f(): return TABLE\n",
        "d.py": "",
        "unknown.py": "def g(): return 1\n",
    })  # fmt: skip
    assert [*found.import_order] == ["d.py", "b.py", "a.py", "c.py", "train.py", "unknown.py"]
    assert names(found) == ["build", "setup", "main", "f", "TABLE"]
    assert found.modules == {"c.py", "train.py"}


def test_scopes_and_hooks_run_without_a_call() -> None:
    """Scopes come before captured functions; a named configuration only if it was chosen."""
    sources = {
        "train.py": """
            @ex.main
            def main(): return 1
            @ex.config
            def defaults(): x = first()
            @ex.named_config
            def fast(): x = second()
            @ex.named_config
            def slow(): x = third()
            @ex.post_run_hook
            def clean(): return 2
            @ex.capture
            def not_called(): return 3
            def first(): return 1
            def second(): return 2
            def third(): return 3
            """,
    }
    found = names(used(sources, named=["fast"]))
    assert [each for each in found if each != "ex"] == [
        "defaults", "first", "fast", "second", "main", "clean",
    ]  # fmt: skip


def test_registered_functions_may_be_called() -> None:
    """A function with a decorator that may register it is used last; a wrapped one is not used."""
    found = used({
        "train.py": """
            import functools
            def main(): return 1
            @register("name")
            def chosen(): return chosen_helper()
            def chosen_helper(): return 1
            @functools.cache
            def never(): return 1
            def register(name): return lambda f: f
            """,
    })  # fmt: skip
    assert names(found) == ["register", "main", "chosen", "chosen_helper"]


def test_functions_that_statements_refer_to_may_be_called() -> None:
    """A function that is put into an object, or passed to a call, counts as used."""
    found = used({
        "train.py": """
            import signal, tools
            def main(): return tools.run()
            def handler(): return 1
            def faster(): return 1
            def never(): return 1
            signal.signal(2, handler)
            tools.run = faster
            unused = never
            """,
        "tools.py": "def run(): return 1\n",
    })  # fmt: skip
    assert names(found) == ["main", "run", "handler", "faster"]


def test_functions_of_a_computed_module_are_found_by_their_names() -> None:
    """Where a module is imported by a computed name, its functions are found as attributes."""
    found = used({
        "train.py": "import importlib\ndef main(name):\n"
        "    return importlib.import_module(name).build()\n",
        "plugins/one.py": "def build(): return 1\ndef other(): return 2\n",
    })  # fmt: skip
    assert order(found) == ["train.py:main", "plugins/one.py:build"]


def test_sources_that_import_each_other() -> None:
    """Circular imports, classes and calls end."""
    found = used({
        "train.py": "import b\nfrom b import g\ndef main(): return b.f()\ndef g(): return main()\n",
        "b.py": "from train import *\nfrom b import f\nclass A(A): pass\ndef f(): g(A())\n",
    })  # fmt: skip
    assert {"main", "f", "g", "A"} == set(names(found))


def test_long_chains_of_imports_and_calls() -> None:
    """Chains that are longer than the stack of Python are followed."""
    count = 700
    sources = {f"m{n}.py": f"import m{n + 1}\ndef f(): return m{n + 1}.f()\n" for n in range(count)}
    found = used({"train.py": "import m0\ndef main(): return m0.f()\n", **sources})
    assert len(found.order) == count + 1
    assert [*found.import_order][:1] == [f"m{count - 1}.py"]


def test_classes_that_are_derived_from_each_other() -> None:
    """Such classes, which Python refuses, end; code that is nested too deeply has no names."""
    found = used({
        "train.py": f"""
            class A(B):
                def run(self): return self.step()
                def step(self): return 1
            class B(A):
                def step(self): return 2
            def main(): return A().run(), deep()
            def deep(): return {"-" * 1200}other()
            def other(): return 1
            """,
    })  # fmt: skip
    assert {"A.step", "B.step", "deep"} < set(names(found))


def test_sources_that_are_missing_or_not_python() -> None:
    """They are skipped, and what is known of the others is found."""
    found = used({"train.py": "import bad\ndef main(): return bad.f()\n", "bad.py": "def ("})
    assert names(found) == ["main"]
    assert names(used({}, main="train.py")) == ["main"]
