"""Build the documentation site: ``python -m tools.documentation``.

The pages are Markdown files that are also readable on GitHub. `staging` copies them into a folder,
with links within the site in place of links to files, and Sphinx builds the site from there.
"""
