"""From sources of plain text and task documents to one stream of tokens on disk."""
