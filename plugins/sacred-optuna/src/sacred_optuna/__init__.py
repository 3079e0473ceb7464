"""Choose the points of sacred-core sweeps with Optuna."""
