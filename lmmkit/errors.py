"""The three ways in which a request can be wrong.

Each message is one plain sentence: what is wrong, where, and what to try. All are `ValueError`, so that code
which catches the usual exception keeps working.
"""

__all__ = ["DataError", "FormulaError", "ModelError"]


class FormulaError(ValueError):
    """The formula cannot be read, or asks for something that formulas may not do.

    Examples
    --------
    >>> import lmmkit as lk
    >>> lk.lm("Weight ~ exec(Dose)", lk.load_data("mouse"))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    lmmkit.errors.FormulaError: ...
    """


class DataError(ValueError):
    """The data lack what the model needs, or hold values that it cannot use.

    Examples
    --------
    >>> import lmmkit as lk
    >>> lk.lm("Weight ~ Dos", lk.load_data("mouse"))
    Traceback (most recent call last):
        ...
    lmmkit.errors.DataError: column 'Dos' is not in the data; did you mean 'Dose'?
    """


class ModelError(ValueError):
    """The model cannot be fitted, or the fitted model cannot answer what was asked.

    Examples
    --------
    >>> import lmmkit as lk
    >>> lk.families.Binomial("log")
    Traceback (most recent call last):
        ...
    lmmkit.errors.ModelError: the binomial family has no link 'log'; choose one of logit, probit, cloglog, cauchit
    """
