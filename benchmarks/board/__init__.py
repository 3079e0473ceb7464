"""What the pages of the board cost, with many runs and with many open pages."""
