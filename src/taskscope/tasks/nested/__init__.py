"""Nested calls of built-in tasks: their names, their items, and draws of demonstrations and queries."""
