"""Configure, run, log and reproduce computational experiments."""

from sacred_core.experiment import Experiment
from sacred_core.ingredient import Ingredient
from sacred_core.settings import SETTINGS

__all__ = ["SETTINGS", "Experiment", "Ingredient"]
