"""``sacred completion SHELL``: what a shell evaluates to complete scripts and ``sacred``.

The shell runs the script, or ``sacred``, with the environment variable ``_SACRED_COMPLETE``;
`sacred_core.script_cli.completion` describes its value and what is printed.
"""

import click
from click.shell_completion import ShellComplete

from sacred_core.exceptions import SacredError
from sacred_core.printable import printable

# A script is completed whether it is run by itself or by Python. Where there are no candidates, and
# for what is not a script of ours, the shell completes names of files.
_BASH = """
_sacred_complete() {
  local cur="${COMP_WORDS[COMP_CWORD]}" first=0 i
  local line="${COMP_LINE:0:COMP_POINT}" words script command
  read -r -a words <<< "$line"; [[ "$line" == *" " ]] && words+=("")
  COMPREPLY=()
  command=()
  if [[ "${words[0]##*/}" == sacred ]]; then
    script="${words[0]}"
  else
    for ((i = 0; i < ${#words[@]}; i++)); do
      [[ "${words[i]}" == *.py && -f "${words[i]}" ]] && { first=$i; script="${words[i]}"; break; }
    done
    [[ -n "$script" ]] && grep -q sacred_core "$script" || return
    ((first > 0)) && command=("${words[@]:0:first}")
    [[ ${#command[@]} -eq 0 && "$script" != */* ]] && script="./$script"
  fi
  local found typed IFS=$'\\n'
  typed="${words[*]:first+1}"
  found=$(_SACRED_COMPLETE="$typed" "${command[@]}" "$script" 2>/dev/null)
  local last="${words[-1]}" strip=""
  [[ "$last" == *[=:]* ]] && strip="${last%"${last##*[=:]}"}"
  while IFS= read -r word; do
    [[ -n "$word" ]] && COMPREPLY+=("${word#"$strip"}")
  done <<< "$found"
  [[ "${COMPREPLY[*]}" == *= ]] && compopt -o nospace
}
complete -o default -F _sacred_complete sacred python python3 ./*.py *.py
"""
_ZSH = """
_sacred_complete() {
  local script command first=0 i
  if [[ "${words[1]:t}" == sacred ]]; then
    first=1 script="${words[1]}"
  else
    for ((i = 1; i < CURRENT; i++)); do
      [[ "${words[i]}" == *.py && -f "${words[i]}" ]] && { first=$i; script="${words[i]}"; break }
    done
    if [[ -z "$script" ]] || ! grep -q sacred_core "$script"; then _files; return; fi
  fi
  command=("${(@)words[1,first-1]}")
  local typed="${(F)words[first+1,CURRENT]}"
  local found=("${(@f)$(_SACRED_COMPLETE="$typed" $command $script 2>/dev/null)}")
  if [[ -n "$found" ]]; then compadd -Q -S '' -- $found; else _files; fi
}
compdef _sacred_complete sacred python python3
compdef -p _sacred_complete '*.py'
"""
_FISH = """
function _sacred_lines
  set -l lines $argv[1]
  for word in $argv[2..-1]
    set lines $lines\\n$word
  end
  printf '%s' $lines | string collect --no-trim-newlines
end
function _sacred_complete
  set -l words (commandline -opc) (commandline -ct)
  if string match -qr '(^|/)sacred$' -- $words[1]
    set -lx _SACRED_COMPLETE (_sacred_lines $words[2..-1])
    command $words[1] 2>/dev/null
    return
  end
  for i in (seq (count $words))
    if string match -q '*.py' -- $words[$i]; and grep -qs sacred_core $words[$i]
      set -lx _SACRED_COMPLETE (_sacred_lines $words[(math $i + 1)..-1])
      eval (string join ' ' -- (string escape -- $words[1..$i])) 2>/dev/null
      return
    end
  end
end
for kind in '-c sacred' '-c python' '-c python3' "-p '*.py'"
  eval complete $kind -f -n "'string length -q -- (_sacred_complete)'" -a "'(_sacred_complete)'"
end
"""
SHELLS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


@click.command()
@click.argument("shell", type=click.Choice(sorted(SHELLS)))
def completion(shell: str) -> None:
    """Print what enables completion of scripts and of sacred: eval "$(sacred completion bash)".

    \b
    Example:
      eval "$(sacred completion bash)"
    """
    click.echo(SHELLS[shell].strip())


def candidates(group: click.Group, words: list[str]) -> list[str]:
    """Return what may replace the last of ``words``; nothing where names of files may.

    Args:
        group: The command.
        words: What was typed after it; the last one is unfinished.
    """
    *before, current = words or [""]
    try:
        items = ShellComplete(group, {}, "", "").get_completions(before, current)
    except (click.ClickException, SacredError):
        return []
    option, equals, _ = current.partition("=")
    start = option + equals if option.startswith("--") and equals else ""
    return [
        start + item.value
        for item in items
        if item.type == "plain" and item.value == printable(item.value)
    ]
