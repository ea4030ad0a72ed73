"""The built-in models, found by name: weights, cards, planted mechanisms."""
