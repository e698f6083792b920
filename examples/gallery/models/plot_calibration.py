"""
Can calibration cure a model that is too sure?
==============================================

A naive Bayes takes thirty features that say much the same for thirty witnesses, so it
is far too sure of itself. ``PurgedCalibratedClassifier`` learns, from predictions out
of fold, how far to believe it. What does that mend, and what not?
"""

# %%
# One rash model, two cures
# -------------------------
#
# The model predicts silver 20 bars ahead. A temperature divides all its log odds by one
# number. The isotonic cure bends the probability of each class by a rising curve of its
# own. Both learn from the first 60 % of the time: purged folds predict each of these
# bars by a model that was trained without it. What comes later is the test.
import numpy as np
from matplotlib import pyplot as plt
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline

from sk_ensemble import Panel, PurgedSplit, Windower, create
from sk_ensemble.datasets import load_bars
from sk_ensemble.ensemble import PurgedCalibratedClassifier
from sk_ensemble.labeling import fixed_horizon_labels
from sk_ensemble.metrics import day_block_bootstrap, loss_table
from sk_ensemble.preprocessing import bar_features

bars = load_bars("AG", start="2019-07", end="2021-06")
X, y = Panel.from_frame(bar_features(bars)).align(fixed_horizon_labels(bars, 20))
start = X.times[int(0.6 * len(X))]
known, later = X.label_end < start, X.times >= start
rash = make_pipeline(Windower(1, flatten=True), GaussianNB())
cv = PurgedSplit(4, embargo_size=240)
models = {
    "as it is": rash,
    "temperature": PurgedCalibratedClassifier(rash, cv=cv),
    "isotonic": PurgedCalibratedClassifier(rash, cv=cv, method="isotonic"),
    "class shares": make_pipeline(Windower(1), create("prior")),
}
probas = {
    name: model.fit(X[known], y[known]).predict_proba(X[later])
    for name, model in models.items()
}

# %%
# What is said and what happens
# -----------------------------
#
# Rows are sorted by the probability with which a model expects little movement, and cut
# into six parts of equal size. In each, what the model said on average is held against
# how often it came true. Intervals are from a bootstrap of whole days.


def interval(values, times):
    """Return a mean with its distances to the ends of its 95 % interval over days."""
    mean = day_block_bootstrap(values, times, random_state=0)
    return mean.estimate, mean.estimate - mean.low, mean.high - mean.estimate


def reliability(proba):
    """Return what was said, what came true, and the sides of its interval."""
    said, came = proba[:, 1], (y[later] == 0).astype(float)
    rows = np.array_split(np.argsort(said, kind="stable"), 6)
    found = [interval(came[part], X.times[later][part]) for part in rows]
    return [said[part].mean() for part in rows], np.transpose(found)


losses = {
    name: interval(loss_table(y[later], proba)["log_loss"], X.times[later])
    for name, proba in probas.items()
}

# %%
# The form of the error decides
# -----------------------------
#
# As it is, the model is rash: said 8 % or 78 %, little movement comes true about half
# of the time, and its log loss is far worse than that of naming the shares of the
# classes (dotted). The temperature, 8.6, takes nearly all of this away, but not enough:
# it draws every answer towards a third, while little movement is more than half of
# what happens, and stays worse than the class shares.
#
# The isotonic curves lie along the diagonal. Bar by bar they gain 0.015 nats on the
# class shares, with an interval from 0.008 to 0.021: there was some knowledge in the
# rash model, and only its tone was wrong. They need some thousands of rows to learn
# from, which are here; a temperature needs hundreds. Neither adds knowledge: the order
# of the rows stays nearly what it was.
colours = {"as it is": "C2", "temperature": "C1", "isotonic": "C0"}
fig, (left, right) = plt.subplots(
    1, 2, figsize=(8, 3.8), layout="constrained", width_ratios=[3, 2]
)
left.plot([0, 1], [0, 1], color="0.4", linestyle="--", linewidth=1)
for name, colour in colours.items():
    said, (came, below, above) = reliability(probas[name])
    left.errorbar(
        said, came, yerr=[below, above], fmt="o-", capsize=3, color=colour, label=name
    )
left.set(
    xlabel="probability that was given to little movement",
    ylabel="share of rows with little movement",
    xlim=(0, 1),
    ylim=(0, 1),
)
left.legend(frameon=False, loc="upper left")
for place, (name, (loss, below, above)) in enumerate(losses.items()):
    right.errorbar(
        loss,
        place,
        xerr=[[below], [above]],
        fmt="o",
        capsize=3,
        color=colours.get(name, "0.4"),
    )
right.axvline(losses["class shares"][0], color="0.4", linestyle=":", linewidth=1)
right.set_yticks(range(len(losses)), list(losses))
right.invert_yaxis()
right.set_xlabel("log loss on later bars (nats)")
fig.suptitle("A curve for each class cures it; one number cools it and is not enough")
