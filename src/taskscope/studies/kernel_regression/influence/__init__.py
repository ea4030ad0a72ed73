"""Do a head's weights say what a label does to the answer, and is the head needed for it (section 8)?"""
