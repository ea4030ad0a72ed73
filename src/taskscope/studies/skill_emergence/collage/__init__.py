"""Claim 8: trained on one label of four, does a classifier rank all four on top? (protocol 6)."""
