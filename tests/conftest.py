"""What all tests share: pictures are drawn without a window; neither they nor their look outlive their test."""

import matplotlib
import matplotlib.pyplot as plt
import pytest

# Not by an environment variable: the kernels that tests start would inherit it and show no pictures.
matplotlib.use("Agg")


@pytest.fixture(autouse=True)
def _leave_no_picture():
    with matplotlib.rc_context():
        yield
    plt.close("all")
