"""The command ``sacred``, for recorded runs and installed plugins."""
