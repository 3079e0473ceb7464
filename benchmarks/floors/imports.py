"""Import three packages."""

import numpy  # noqa: F401
import sklearn  # noqa: F401
import yaml  # noqa: F401
