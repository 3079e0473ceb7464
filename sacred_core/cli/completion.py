"""Completion in the shell: what may stand next on a script's command line.

The shell runs the script with the environment variable ``_SACRED_COMPLETE``, which holds the words
so far, one a line, the unfinished one last; what it prints, one a line, are the candidates. The
script's file is executed as far as its ``automain``, but nothing is run.
"""

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from sacred_core.config.call import Call
from sacred_core.config.named import named_configs
from sacred_core.config.resolution import resolve
from sacred_core.config.tree import nodes_of
from sacred_core.exceptions import SacredError
from sacred_core.hooks.options import offered_options
from sacred_core.serialization import leaves

if TYPE_CHECKING:
    from sacred_core.experiment import Experiment

# A script is completed whether it is run by itself or by Python. What is no script of ours falls
# back on file names.
_BASH = """
_sacred_complete() {
  local cur="${COMP_WORDS[COMP_CWORD]}" first=0 i
  local line="${COMP_LINE:0:COMP_POINT}" words script command
  read -r -a words <<< "$line"; [[ "$line" == *" " ]] && words+=("")
  for ((i = 0; i < ${#words[@]}; i++)); do
    [[ "${words[i]}" == *.py && -f "${words[i]}" ]] && { first=$i; script="${words[i]}"; break; }
  done
  COMPREPLY=()
  [[ -n "$script" ]] && grep -q sacred_core "$script" || return
  ((first > 0)) && command=("${words[@]:0:first}") || command=()
  [[ ${#command[@]} -eq 0 && "$script" != */* ]] && script="./$script"
  local found; found=$(_SACRED_COMPLETE="$(printf '%s\\n' "${words[@]:first+1}")" \\
    "${command[@]}" "$script" 2>/dev/null)
  local last="${words[-1]}" strip=""
  [[ "$last" == *[=:]* ]] && strip="${last%"${last##*[=:]}"}"
  while IFS= read -r word; do
    [[ -n "$word" ]] && COMPREPLY+=("${word#"$strip"}")
  done <<< "$found"
  [[ "${COMPREPLY[*]}" == *= ]] && compopt -o nospace
}
complete -o default -F _sacred_complete python python3 ./*.py *.py
"""
_ZSH = """
_sacred_complete() {
  local script command first=0 i
  for ((i = 1; i < CURRENT; i++)); do
    [[ "${words[i]}" == *.py && -f "${words[i]}" ]] && { first=$i; script="${words[i]}"; break }
  done
  if [[ -z "$script" ]] || ! grep -q sacred_core "$script"; then _files; return; fi
  ((first > 1)) && command=("${words[@]:0:first-1}") || command=()
  local typed="${(F)words[first+1,CURRENT]}"
  local found=("${(@f)$(_SACRED_COMPLETE="$typed" $command $script 2>/dev/null)}")
  compadd -Q -S '' -- $found
}
compdef _sacred_complete python python3
compdef -p _sacred_complete '*.py'
"""
_FISH = """
function _sacred_complete
  set -l words (commandline -opc) (commandline -ct)
  for i in (seq (count $words))
    if string match -q '*.py' -- $words[$i]; and grep -qs sacred_core $words[$i]
      set -l typed $words[(math $i + 1)..-1]
      set -lx _SACRED_COMPLETE (string join \\n -- $typed | string collect)
      eval (string join ' ' -- (string escape -- $words[1..$i])) 2>/dev/null
      return
    end
  end
end
complete -c python -f -n 'string length -q -- (_sacred_complete)' -a '(_sacred_complete)'
complete -c python3 -f -n 'string length -q -- (_sacred_complete)' -a '(_sacred_complete)'
"""
SHELLS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


@click.command()
@click.argument("shell", type=click.Choice(sorted(SHELLS)))
def completion(shell: str) -> None:
    """Print what switches completion of scripts on: eval "$(sacred completion bash)"."""
    click.echo(SHELLS[shell].strip())


def candidates(ex: "Experiment", words: list[str]) -> list[str]:
    """Return what may stand in place of the last of ``words``, sorted.

    Args:
        ex: The experiment.
        words: What was typed after the script; the last one is unfinished.
    """
    *before, current = words or [""]
    if current.startswith("-"):
        found: Iterator[str] = _flags(ex)
    elif "with" in before:
        found = _updates(ex)
    elif not [word for word in before if not word.startswith("-")]:
        found = iter([*dict(ex.gather_commands()), "help", "with"])
    elif before == ["help"]:
        found = iter(dict(ex.gather_commands()))
    else:
        found = iter(["with"])
    return sorted(word for word in set(found) if word.startswith(current))


def _flags(ex: "Experiment") -> Iterator[str]:
    for option in offered_options(ex.additional_cli_options):
        yield from option.flags


def _updates(ex: "Experiment") -> Iterator[str]:
    yield from named_configs(nodes_of(ex))
    call = Call({}, (), "", ex.logger or _silent(), lambda: 0)
    try:
        config = resolve(ex, call).config
    except SacredError:  # nothing to offer until it is mended
        return
    yield from (f"{path}=" for path, _ in leaves(config))


def _silent() -> logging.Logger:
    logger = logging.getLogger("sacred_core.completion")
    logger.disabled = True
    return logger
