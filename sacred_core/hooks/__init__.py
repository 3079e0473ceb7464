"""What an installation can do: the hooks that plugins implement."""
