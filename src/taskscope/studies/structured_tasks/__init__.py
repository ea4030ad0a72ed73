"""The account of structured tasks (Li et al. 2024)."""
