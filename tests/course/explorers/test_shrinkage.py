"""Shrinkage in the plane: dots between their own lines and the common one, worked out with whole matrices."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize

import lmmkit as lk
from lmmkit import DataError
from lmmkit.course import explorers
from tests.course.explorers import brute
from tests.course.explorers.sweep import found, same, sweep

result = explorers.shrinkage.result


@pytest.mark.parametrize("data", ["sleepstudy", "sleepstudy_plus"])
def test_half_way_the_lines_are_those_of_the_mixed_model(data):
    r = result(data=data, pooling=0.5)
    fit = lk.lmer("Reaction ~ Days + (Days | Subject)", lk.load_data(data))
    coef = fit.coef()["Subject"]
    coef.index = coef.index.astype(str)
    assert r.lines == pytest.approx(coef.loc[list(r.model.labels)].to_numpy(), rel=1e-4)
    assert r.centre == pytest.approx(fit.fixef.to_numpy(), rel=1e-5)


def test_the_ends_are_no_pooling_and_complete_pooling():
    frame = lk.load_data("sleepstudy")
    none, complete = result(data="sleepstudy", pooling=0.0), result(data="sleepstudy", pooling=1.0)
    for label, line in zip(none.model.labels, none.lines, strict=True):
        mine = frame[frame["Subject"].astype(str) == label]
        assert line == pytest.approx(np.polyfit(mine["Days"], mine["Reaction"], 1)[::-1])
    common = np.polyfit(frame["Days"], frame["Reaction"], 1)[::-1]
    assert complete.lines == pytest.approx(np.tile(common, (18, 1)), rel=1e-5)
    assert complete.model.complete == pytest.approx(common)


def test_a_driver_seen_once_has_no_line_of_his_own():
    r = result(data="sleepstudy_plus", group=20)
    assert r.own.sum() == 19 and not r.own[19]
    words = explorers.shrinkage.sentence(r)
    assert "Subject 373 has too few points for a line of its own" in words
    assert "1 of 20 groups cannot have a line of their own" in words


def test_dots_move_little_by_little():
    """From one step of the slider to the next no dot jumps."""
    paths = np.stack([result(data="sleepstudy", pooling=step / 50).lines for step in range(51)])
    moved = np.abs(np.diff(paths, axis=0)) / np.ptp(paths[0], axis=0)
    assert moved.max() < 0.25


def test_the_group_looked_at_is_one_of_the_data():
    state = explorers.shrinkage.state(group=20, data="sleepstudy")
    assert state["group"] == 18


def test_a_table_of_the_readers():
    mouse = lk.load_data("mouse")
    r = result(mouse, "Weight", "Dose", "Strain", pooling=0.5)
    fit = lk.lmer("Weight ~ Dose + (Dose | Strain)", mouse)
    assert r.centre == pytest.approx(fit.fixef.to_numpy(), rel=1e-3)
    assert "The fit is singular" in explorers.shrinkage.sentence(r)
    with pytest.raises(DataError, match="no column 'dose'; did you mean 'Dose'"):
        result(mouse, "Weight", "dose", "Strain")
    flat = pd.DataFrame({"y": np.arange(6.0), "x": [1.0, 1, 2, 2, 3, 3], "g": list("aabbcc")})
    with pytest.raises(DataError, match="fewer than two groups of 'g' have a line of their own"):
        result(flat, "y", "x", "g")


def holds(state, r, words):
    """The lines by the best linear predictor of the whole response, and who lies further off than alone."""
    m = r.model
    response, predictor, group = m.names
    y, x = m.data[response].to_numpy(float), m.data[predictor].to_numpy(float)
    names = m.data[group].astype(str).to_numpy()
    X = np.column_stack([np.ones_like(x), x])
    same_group = names[:, None] == names
    begin = {0.0: "No pooling", 0.5: "Partial pooling, as the mixed model has it", 1.0: "Complete pooling"}
    less = "Less" if state["pooling"] < 0.5 else "More"
    assert words.startswith(begin.get(state["pooling"], f"{less} pooling than in the mixed model"))
    alone = {}
    for label in m.labels:
        mine = names == label
        if np.ptp(x[mine]) > 0:
            alone[label] = np.linalg.lstsq(X[mine], y[mine])[0]
    share = min(max(state["pooling"], 1e-7), 1 - 1e-7)
    V = same_group * (X @ m.cov @ X.T) + m.sigma**2 * share / (1 - share) * np.eye(len(y))
    fit = brute.gls(y, X, V, profile=False)
    left = np.linalg.solve(V, y - X @ fit.beta)
    lines = {label: fit.beta + m.cov @ X[names == label].T @ left[names == label] for label in m.labels}
    if state["pooling"] == 0:
        lines.update(alone)
    label = m.labels[r.group]
    assert f"{group[:1].upper()}{group[1:]} {label}" in words
    told = words.split(" now ")[1].split(f" {predictor}")[0].replace(" - ", " + -").split(" + ")
    assert [same(float(text), value, room=1e-3) for text, value in zip(told, lines[label], strict=True)] == [
        True
    ] * 2, (state, words, lines[label])
    assert (label in alone) == ("alone" in words.split(label)[1][:9])
    if 0 < state["pooling"] < 1:
        if "no variance between the groups" in words:
            assert np.abs(m.cov).max() < 1e-10 * m.sigma**2
            return
        a, n, b, _ = found("than alone: # of # intercepts, # of # slopes", words)
        off = np.array([np.abs(lines[k] - fit.beta) - np.abs(alone[k] - fit.beta) for k in alone])
        size = np.array([np.abs(alone[k] - fit.beta) for k in alone]).max(0)
        sure, possible = (off > 1e-5 * size).sum(0), (off > -1e-5 * size).sum(0)
        assert n == len(alone) and sure[0] <= a <= possible[0] and sure[1] <= b <= possible[1], (state, words)
        eigenvalues = np.linalg.eigvalsh(m.cov)
        assert ("its ellipse is a line" in words) == (eigenvalues[0] < 1e-8 * eigenvalues[1])


def test_sentences_of_a_few_states():
    for state, r, words in sweep("shrinkage", 10):
        holds(state, r, words)


@pytest.mark.slow
def test_sentences_of_many_states():
    for state, r, words in sweep("shrinkage", 180, seed=2):
        holds(state, r, words)


@pytest.mark.slow
def test_no_other_covariance_matrix_fits_better():
    """The fits behind the dots, against a search over all three numbers of the covariance matrix."""
    for state, r, _ in sweep("shrinkage", 25, seed=5, data="simulated groups"):
        m = r.model
        x, y = m.data["x"].to_numpy(), m.data["y"].to_numpy()
        X = np.column_stack([np.ones_like(x), x])
        codes = np.unique(m.data["group"], return_inverse=True)[1]

        def criterion(D, X=X, y=y, codes=codes):
            return brute.gls(y, X, np.eye(len(y)) + (codes[:, None] == codes) * (X @ D @ X.T)).criterion

        def of(v):
            L = np.array([[v[0], 0.0], [v[1], v[2]]])
            return L @ L.T

        here = criterion(m.cov / m.sigma**2)
        for start in ((1.0, 0.0, 0.3), (0.1, 0.1, 0.1)):
            best = minimize(lambda v: criterion(of(v)), start, method="Nelder-Mead", options={"maxiter": 600})
            assert here < best.fun + 2e-3, (state, best)
