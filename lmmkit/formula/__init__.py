"""A formula's text, read without ever being run.

May import `structures` and what lies below it.
"""

from .parse import Bar, Formula, parse, require_bars

__all__ = ["Bar", "Formula", "parse", "require_bars"]
