"""Training of the built-in models: documents, recipes, trainer, cards."""
