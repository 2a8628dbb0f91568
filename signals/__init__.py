"""Liquidity signals on point-in-time panels, and the audit that looks for look-ahead."""
