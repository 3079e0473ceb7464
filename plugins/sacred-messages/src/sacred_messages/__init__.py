"""Messages about runs, for observers that tell a chat."""
