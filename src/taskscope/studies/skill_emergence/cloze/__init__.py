"""Cloze questions with skill tags: wrong answers, and which link from excess loss foretells them."""
