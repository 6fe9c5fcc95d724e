"""The numbers of one fitted model, and what follows from them alone: predict, simulate, refit, messages.

May import `likelihood` and what lies below it.
"""
