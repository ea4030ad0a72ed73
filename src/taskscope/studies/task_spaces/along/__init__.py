"""Maps of several models along a series: by size (claim 8), or in the course of training (claim 9)."""
