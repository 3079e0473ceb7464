"""Tests of commands of plugins that read the words after ``with`` themselves."""
