"""Registered claims, how each is tested, and their verdicts."""
