"""What observers that tell a chat have in common; nothing here knows Slack."""
