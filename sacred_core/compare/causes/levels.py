"""In which order kinds of causes are listed: the likeliest first."""

COMMAND = 0
RECEIVED_VALUE = 1
OTHER_VALUE = 2
CODE = 3
USED_PACKAGE = 4
PYTHON = 5
OTHER_PACKAGE = 6
FILE = 7
DEVICE = 8
SEED = 9
ENVIRONMENT = 10
HOST = 11
PLUGIN = 12
CALL = 13
#: Seeds that nobody gave differ in all runs.
RANDOM_SEED = 14
UNUSED_CODE = 15
