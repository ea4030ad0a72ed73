"""The account of skill emergence (Arora & Goyal 2023)."""
