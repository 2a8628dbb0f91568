"""Allocation: what a unit of exposure is spread over, BTC and altcoins."""
