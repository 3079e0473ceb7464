"""Measures what each store costs as the number of its runs grows."""
