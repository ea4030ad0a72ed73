"""Models of who answers which item: competence on skills, estimated from responses (skill_emergence 7).

A model or checkpoint is an examinee, a question an item, and the skills of a text a row of the Q matrix. The
skill graph bounds competence from the share of failures alone; these models estimate it.
"""
