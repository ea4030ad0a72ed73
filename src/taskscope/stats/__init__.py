"""Judge: intervals and tests on arrays; numpy and scipy only."""
