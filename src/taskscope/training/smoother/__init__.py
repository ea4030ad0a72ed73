"""A kernel smoother over demonstrations, built by hand out of attention; and one that only looks like it."""
