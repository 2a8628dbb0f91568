"""Position rules: exposure, allocation, overlays, baselines and named variants."""
