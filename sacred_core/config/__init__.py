"""From scopes, dictionaries and updates to one read-only configuration."""
