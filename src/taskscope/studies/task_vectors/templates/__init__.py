"""Is theta the same whatever the prompt looks like: read in one prompt format, put into another."""
