"""Answer: any Hugging Face causal language model, loaded, read, edited and scored."""
