"""The account of task vectors (Hendel et al. 2023; Todd et al. 2024)."""
