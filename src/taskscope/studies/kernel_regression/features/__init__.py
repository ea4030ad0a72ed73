"""Do values near a label say which label it is, and keys what the text alone predicts (M4)?"""
