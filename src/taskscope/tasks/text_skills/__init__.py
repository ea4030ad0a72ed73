"""Skills of writing that a rule can check: what is asked, how it is checked, texts that meet many."""
