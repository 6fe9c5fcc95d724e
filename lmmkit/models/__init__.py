"""What a user fits and asks: lmer, glmer, lm, glm and their results. A method here hands its question to a
room below.

May import every room but `many` and `course`.
"""
