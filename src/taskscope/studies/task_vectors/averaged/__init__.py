"""Theta averaged over many prompts of its task: is a vector of no particular demonstrations better (E7)?"""
