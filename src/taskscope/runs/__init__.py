"""What is kept: cells, their keys, and the folder that holds them. Knows no study and no model."""
