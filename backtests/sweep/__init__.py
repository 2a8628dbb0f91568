"""Parameter sweeps: grids of variants, screened in chunks, confirmed by the engine."""
