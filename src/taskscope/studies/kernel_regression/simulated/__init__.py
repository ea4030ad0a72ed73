"""The account's theorem and its neighbours, simulated exactly: no model, no torch (S1 to S7)."""
