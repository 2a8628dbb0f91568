"""Statistics on plain arrays; imports nothing of the other packages."""
