"""What tuning does to other text at the same gain: the claim that gradient differences do less (claim 5)."""
