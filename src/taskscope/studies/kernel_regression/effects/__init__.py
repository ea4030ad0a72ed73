"""Known effects: retrieved samples, new label words, rewritten inputs, chosen samples (M7 to M10, RQ5)."""
