"""Response maps one by one: the renaming alone, the renamed task, natural and random maps (E3 to E6)."""
