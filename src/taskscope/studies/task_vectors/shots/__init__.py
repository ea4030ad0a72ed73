"""Accuracy by number of demonstrations, from the prompts of E1 with a branch after each of them (6.9)."""
