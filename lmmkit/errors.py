"""The three ways in which a request can be wrong.

Each message is one plain sentence: what is wrong, where, and what to try. All are `ValueError`, so that code
which catches the usual exception keeps working.
"""

__all__ = ["DataError", "FormulaError", "ModelError"]


class FormulaError(ValueError):
    """The formula cannot be read, or asks for something that formulas may not do."""


class DataError(ValueError):
    """The data lack what the model needs, or hold values that it cannot use."""


class ModelError(ValueError):
    """The model cannot be fitted, or the fitted model cannot answer what was asked."""
