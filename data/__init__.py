"""What was published, and when it could be known."""
