"""Losses of real trainings: is there a floor, and what does scale take off the part above it? Protocol 5."""
