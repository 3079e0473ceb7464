"""Calls that are made once an object is not used any more."""

import weakref
from collections.abc import Callable
from contextvars import Context
from typing import Any


def call_when_unused(
    owner: object, call: Callable[..., object], *args: Any
) -> "weakref.finalize[..., Any]":
    """Call a function once ``owner`` is collected, at the latest at the end of the process.

    The call has a separate empty context. The garbage collector may make it within any statement
    of any thread. With Python 3.11 a call that sets a context variable, as pymongo does to close a
    client, ends the process with a segmentation fault if the statement sets one too: the dictionary
    of the context, which the interpreter is reading, is replaced and freed.

    Args:
        owner: The function and its arguments must not refer to it.
        call: The function.
        args: Its arguments.

    Returns:
        What makes the call; its method ``detach`` prevents it.
    """
    return weakref.finalize(owner, _call_in_context, call, *args)


def _call_in_context(call: Callable[..., object], *args: Any) -> None:
    Context().run(call, *args)
