"""Tasks on which a single vector is known to fail: both directions in one prompt, and two steps."""
