"""gpboost's GPModel on lme4's data."""

import warnings

import gpboost as gpb
import numpy as np
from common import other, say, sleepstudy, versions

warnings.simplefilter("ignore")
versions("gpboost")
data = sleepstudy()
X = np.column_stack([np.ones(len(data)), data["Days"]])
y = data["Reaction"].to_numpy()
group = data["Subject"].to_numpy()


def intercepts(groups, response, matrix, likelihood="gaussian", **settings):
    model = gpb.GPModel(group_data=groups, likelihood=likelihood, **settings)
    model.fit(y=response, X=matrix)
    return model


def flat(value):
    return str(value).replace("\n", " / ").replace("\t", " ")


one = intercepts(group, y, X)
say("sleep1.slope", lambda: np.asarray(one.get_coef()).ravel()[1])
say("sleep1.ml.var.intercept", lambda: np.asarray(one.get_cov_pars()).ravel()[1])
say("sleep1.ml.loglik", lambda: -one.get_current_neg_log_likelihood())
slope = gpb.GPModel(
    group_data=group, group_rand_coef_data=data["Days"].to_numpy(), ind_effect_group_rand_coef=[1]
)
slope.fit(y=y, X=X)
say("sleep.cov", lambda: flat(slope.get_cov_pars().round(4).to_dict()))
say("sleep.ml.loglik", lambda: -slope.get_current_neg_log_likelihood())
pen = other("Penicillin")
ones = np.ones((len(pen), 1))
two = intercepts(pen[["plate", "sample"]].to_numpy(), pen["diameter"].to_numpy(dtype=float), ones)
say("penicillin.ml.loglik", lambda: -two.get_current_neg_log_likelihood())
exact = gpb.GPModel(group_data=pen[["plate", "sample"]].to_numpy(), matrix_inversion_method="cholesky")
exact.fit(y=pen["diameter"].to_numpy(dtype=float), X=ones)
say("penicillin.cholesky.ml.loglik", lambda: -exact.get_current_neg_log_likelihood())
dye = other("Dyestuff2", "Batch")
batch = intercepts(dye["Batch"].to_numpy(), dye["Yield"].to_numpy(), np.ones((30, 1)))
say("dyestuff2.var", lambda: np.asarray(batch.get_cov_pars()).ravel()[1])
ticks = other("grouseticks", "BROOD")
year = ticks["YEAR"].astype(float)
matrix = np.column_stack([np.ones(len(ticks)), (ticks["HEIGHT"] - 460) / 100, year == 96, year == 97]).astype(
    float
)
poisson = intercepts(ticks["BROOD"].to_numpy(), ticks["TICKS"].to_numpy(dtype=float), matrix, "poisson")
say("ticks.h", lambda: np.asarray(poisson.get_coef()).ravel()[1])
say("ticks.loglik", lambda: -poisson.get_current_neg_log_likelihood())
say(
    "sleep1.predict.new",
    lambda: one.predict(group_data_pred=np.array(["none"]), X_pred=np.array([[1.0, 4.0]]))["mu"][0],
)
say(
    "sleep1.predict.308",
    lambda: one.predict(group_data_pred=np.array(["308"]), X_pred=np.array([[1.0, 0.0]]))["mu"][0],
)
say(
    "sleep1.predict.var.new",
    lambda: one.predict(group_data_pred=np.array(["none"]), X_pred=np.array([[1.0, 4.0]]), predict_var=True)[
        "var"
    ][0],
)
say(
    "sleep1.predict.latent.new",
    lambda: one.predict(
        group_data_pred=np.array(["none"]),
        X_pred=np.array([[1.0, 4.0]]),
        predict_var=True,
        predict_response=False,
    )["var"][0],
)
