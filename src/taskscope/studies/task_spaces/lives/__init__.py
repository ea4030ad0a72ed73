"""Where in the model a task lives: its share of each block and module, and what changes there do (E10)."""
