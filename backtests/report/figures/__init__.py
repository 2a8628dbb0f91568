"""The charts: one table each, drawn twice, for the screen and for paper."""
