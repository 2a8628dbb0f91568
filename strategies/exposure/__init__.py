"""Exposure rules: how much of the capital is put at risk, and whether altcoins may be held."""
