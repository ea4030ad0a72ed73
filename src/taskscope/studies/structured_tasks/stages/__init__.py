"""Is the own label there before the new word, and does the answer hang on it?"""
