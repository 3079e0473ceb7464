"""What sacred-core costs, compared with other tools: ``python -m benchmarks``."""
