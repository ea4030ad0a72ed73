"""What the accounts predict: scaling laws and the rest, from numbers alone."""
