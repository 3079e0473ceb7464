"""The command line of a script, ``script.py [COMMAND] [with UPDATE...] [options]``."""
