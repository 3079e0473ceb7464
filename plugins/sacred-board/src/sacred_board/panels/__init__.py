"""The built-in panels."""
