"""The aspects of the core, which `sacred_core.builtin` offers.

A function ``collect_NAME`` returns the facts of one run, and ``render_NAME`` the lines for a fact
that differs; see `sacred_core.hooks.records.Aspect`.
"""
