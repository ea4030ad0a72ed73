"""A few heads, found by their effect: does the sum of what they write do the task (FV-1 to FV-6, C6)?"""
