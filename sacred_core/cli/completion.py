"""``sacred completion SHELL``: the code that a shell evaluates so that it completes scripts.

The shell runs the script with the environment variable ``_SACRED_COMPLETE``;
`sacred_core.script_cli.completion` describes what it prints.
"""

import click

# A script is completed whether it is run by itself or by Python. What is not a script of ours falls
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
