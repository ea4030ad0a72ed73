"""Responses of models to items, from any stored run or a table: who answers which item (protocol 7)."""
