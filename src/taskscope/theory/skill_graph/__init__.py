"""What a random graph of texts and skills guarantees (Arora & Goyal 2023; protocol skill_emergence 3).

Every text uses k skills drawn at random. A model fails on a share theta of the texts, whichever. Leave out
the share alpha of the skills that fared worst: on each of the others the model fails at most beta times theta
of the texts that use it, so that its competence there is at least 1 - beta theta. The files of this folder
say how large beta is: by the theorem, for a finite graph, exactly, and for sets of several skills.
"""
