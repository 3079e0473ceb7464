"""What the command lines of scripts and of ``sacred`` share with the shell."""

#: Exit codes: the command line is invalid, the command failed, it was interrupted by SIGINT.
USAGE, FAILURE, INTERRUPTED = 2, 1, 130
#: The variable with which a shell requests candidates, see `sacred_core.script_cli.completion`.
COMPLETION = "_SACRED_COMPLETE"
