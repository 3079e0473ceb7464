"""Record sacred-core runs in a folder, and read them back."""
