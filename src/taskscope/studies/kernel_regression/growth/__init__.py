"""Does the model come nearer to a kernel's vote with more demonstrations (M11)?"""
