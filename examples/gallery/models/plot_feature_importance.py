"""
Do the features that a model uses help it?
==========================================

A booster tells how much each feature reduced its loss in training. That is what it has
used. Whether a feature helps on bars that the model has not seen is another question.
Do the two agree?
"""

# %%
# Six kinds of features
# ---------------------
#
# Gradient boosting predicts silver, 20 bars ahead, from thirty-one features, which are
# sorted by hand into five kinds. A sixth is made of ten columns of random numbers,
# which cannot help.
import numpy as np
from matplotlib import pyplot as plt
from sklearn.pipeline import make_pipeline

from sk_ensemble import Panel, PurgedSplit, Windower, create
from sk_ensemble.datasets import load_bars
from sk_ensemble.inspection import clustered_importance
from sk_ensemble.labeling import fixed_horizon_labels
from sk_ensemble.preprocessing import bar_features

bars = load_bars("AG", start="2020-07", end="2021-06")
features = bar_features(bars)
columns = features.columns.drop(["symbol", "datetime"])
starts = {
    "clock": ("day_", "week_", "session_hours", "log_pause"),
    "volatility": ("volatility", "range_1", "unchanged"),
    "price path": (
        "return",
        "session_return",
        "gap_return",
        "mean_distance",
        "range_position",
        "efficiency",
    ),
    "volume": ("volume", "signed_volume"),
    "shape of bars": ("body", "upper", "lower", "close_location"),
}
kinds = {
    kind: [column for column in columns if column.startswith(prefixes)]
    for kind, prefixes in starts.items()
}
kinds["random numbers"] = [f"random_{number}" for number in range(10)]
rng = np.random.default_rng(0)
features[kinds["random numbers"]] = rng.normal(size=(len(features), 10))
X, y = Panel.from_frame(features).align(fixed_horizon_labels(bars, horizon=20))

# %%
# Used in training, useful out of sample
# --------------------------------------
#
# ``feature_importances_`` is the share of a feature in what all splits of the trees
# have gained in training. ``clustered_importance`` shuffles the features of a kind
# together, on bars of a test block, and measures how much worse the model predicts
# there. So it also covers features that could stand in for each other.
model = make_pipeline(
    Windower(1),
    create(
        "lightgbm",
        n_estimators=50,
        num_leaves=16,
        early_stopping=False,
        random_state=0,
        n_jobs=1,
    ),
)
booster = model.fit(X, y)[-1]
shares = dict(zip(X.columns, booster.feature_importances_, strict=True))
used = {kind: sum(shares[name] for name in names) for kind, names in kinds.items()}
helped = clustered_importance(
    model,
    X,
    y,
    PurgedSplit(6, embargo_size=240),
    clusters=kinds,
    n_repeats=2,
    random_state=0,
)

# %%
# The clock is used less and helps more
# -------------------------------------
#
# Trees owe half of what they gain in training to the path of the price, and three
# tenths to the clock. Out of sample it is the other way round: without the clock the
# loss grows by three to four percent, without the path of the price by little more
# than one. The many columns of the path give trees many chances to fit what does not
# return. Of volume and the shape of bars no more is shown to be of use than of random
# numbers.
#
# Dots are folds; the bars are two standard errors over them. Folds share training rows,
# so these are rather too short. And shuffling tells what this model loses, not what
# could be known: another model, trained without the path of the price, may make up for
# it from what is left.
folds = 100 * helped.folds[list(kinds)]
places = np.arange(len(kinds))
fig, (left, right) = plt.subplots(
    1, 2, figsize=(8, 3.6), sharey=True, layout="constrained"
)
left.barh(places, [100 * used[kind] for kind in kinds], 0.6)
left.set_yticks(places, list(kinds))
left.invert_yaxis()
left.set_xlabel("share of the gain in training (%)")
left.set_title("what the model uses", fontsize=10)
right.axvline(0, color="0.4", linestyle="--", linewidth=1)
right.plot(folds.T, places, "o", color="C0", markersize=4, alpha=0.35)
right.errorbar(
    folds.mean(),
    places,
    xerr=2 * folds.std() / len(folds) ** 0.5,
    fmt="D",
    color="C1",
    capsize=4,
)
right.set_xlabel("log loss added by shuffling (% of the loss)")
right.set_title("what helps out of sample", fontsize=10)
fig.suptitle("What the model uses most is not what helps it most")
