"""Where cells are computed. Knows cells, never studies."""
