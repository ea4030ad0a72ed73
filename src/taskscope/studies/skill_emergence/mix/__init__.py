"""Skills of writing asked together, checked by rules: a Skill-Mix for models that run here (protocol 8)."""
