"""Skills that are shown apart and asked together: does competence on pairs follow the product?"""
