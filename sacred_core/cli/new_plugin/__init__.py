"""``sacred new-plugin``: a complete package to start from."""
