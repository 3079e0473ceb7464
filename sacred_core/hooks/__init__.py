"""The hooks that plugins implement."""
