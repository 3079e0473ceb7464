"""What pages read: locations, their runs, changes and points."""
