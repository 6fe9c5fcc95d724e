"""One model, many responses.

May import every room but `course`.
"""
