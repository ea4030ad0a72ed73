"""The account of task spaces (Weber et al. 2024)."""
