"""Terms and data, turned into numbers.

The road from terms to columns: `values` reads columns of the frame, `rows` keeps those without gaps,
`evaluate` computes `log(x)` or `poly(x, 2)` (`transforms`), `encoding` codes factors and multiplies
interactions out into a model matrix, `grouping` numbers the levels of the grouping factors.
"""
