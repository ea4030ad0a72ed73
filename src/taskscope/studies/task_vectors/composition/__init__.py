"""Whether function vectors add up: a task's vector from those of three others (FV-8)."""
