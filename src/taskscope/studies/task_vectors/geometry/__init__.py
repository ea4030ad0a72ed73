"""Do thetas of one task lie together, whatever the demonstrations and the dummy (E3, E4, claim C3)?"""
