"""What all tests share: pictures are drawn without a window, and none outlives its test."""

import matplotlib
import matplotlib.pyplot as plt
import pytest

# Not by an environment variable: the kernels that tests start would inherit it and show no pictures.
matplotlib.use("Agg")


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")
