"""Numbers, names and tables as text: R's rules, HTML, tables with notes.

May import `formula` and what lies below it.
"""
