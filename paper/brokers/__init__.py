"""Brokers behind one protocol: simulated, and exchanges' sandboxes."""
