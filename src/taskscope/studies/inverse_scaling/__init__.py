"""The account of inverse scaling (McKenzie et al. 2023; Wei et al. 2022)."""
