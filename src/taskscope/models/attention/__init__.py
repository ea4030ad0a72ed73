"""Attention weights of last tokens, and the keys and values they are made from."""
