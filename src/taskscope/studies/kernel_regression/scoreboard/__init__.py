"""Which account of the same demonstrations foretells the model's answers best (section 8)?"""
