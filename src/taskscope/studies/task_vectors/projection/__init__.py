"""E6: thetas read through the output vocabulary, and the verdict on C5."""
