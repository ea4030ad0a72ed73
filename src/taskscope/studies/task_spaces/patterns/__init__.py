"""Claim 7: what tasks of one phenomenon do to each other, beside groups mixed of several phenomena."""
