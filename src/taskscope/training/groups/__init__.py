"""Models built by hand whose tasks share weights in known groups, or none at all."""
