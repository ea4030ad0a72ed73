"""The account of kernel regression (Han et al. 2023)."""
