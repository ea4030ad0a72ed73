"""Demonstrations of one task, theta of another: which of them does the model follow (E5, claim C4)?"""
