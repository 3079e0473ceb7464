"""Reports what became slower: counts what short programs do, and compares with stored counts."""
