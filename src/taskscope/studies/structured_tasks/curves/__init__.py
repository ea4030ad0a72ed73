"""Learning curves over the number of demonstrations: tasks as they are, renamed, ciphered (E1, E2)."""
