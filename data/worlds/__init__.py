"""Simulated worlds: made-up plumbing and prices whose true links are known."""
