"""Overlays: limits laid over the weights that exposure and allocation ask for."""
