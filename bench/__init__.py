"""Measurements: the product against what one would take instead, as ratios within one run."""
