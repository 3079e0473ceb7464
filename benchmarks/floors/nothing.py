"""Start and end an interpreter."""
