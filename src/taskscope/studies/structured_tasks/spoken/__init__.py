"""Functions of sentences that are named in words, one at a time and together."""
