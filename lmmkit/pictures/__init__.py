"""How the pictures of `fit.plot` are drawn; :mod:`lmmkit.plots` lists them."""
