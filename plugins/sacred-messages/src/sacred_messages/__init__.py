"""Messages about runs, for observers that post to a chat."""
