"""Two runs compared question by question: which models, which shared questions, how they differ."""
