"""Six rooms of one plan, one per account: plan -> measure -> analyse -> figures."""
