"""A formula's text, read without ever being run.

May import `errors` only.
"""

from .parse import Bar, Formula, parse, require_bars

__all__ = ["Bar", "Formula", "parse", "require_bars"]
