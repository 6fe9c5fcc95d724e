"""What the notebooks use beyond fitting: checks, explorers, the doctor.

May import every room; no room imports this one.
"""
