"""Attention of the last token over demonstrations, read as the weights of a vote (M0, M1, M2, M5, M12)."""
