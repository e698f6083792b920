"""
Does a longer embargo change the score?
=======================================

An embargo takes training rows away after each test block. Too short, and windows reach
back into the block; too long, and there is less to learn from. Does either show in the
log loss of a forest on eight months of an index future?
"""

# %%
# Five lengths, one model
# -----------------------
#
# Labels last 20 bars and are always purged. Only the embargo grows, from none to four
# hundred and eighty bars, which is ten trading days. Some features look back 240 bars,
# so 240 is the length that keeps tested bars out of the training rows altogether.
import numpy as np
from matplotlib import pyplot as plt
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline

from sk_ensemble import Panel, PurgedSplit, Windower
from sk_ensemble.datasets import load_bars
from sk_ensemble.labeling import fixed_horizon_labels
from sk_ensemble.metrics import day_block_bootstrap, loss_table
from sk_ensemble.preprocessing import bar_features

bars = load_bars("IF", start="2020-01", end="2020-08")
panel = Panel.from_frame(bar_features(bars))
X, y = panel.align(fixed_horizon_labels(bars, horizon=20))
forest = RandomForestClassifier(20, min_samples_leaf=20, random_state=0)
model = make_pipeline(Windower(1, flatten=True), forest)

lengths = [0, 60, 120, 240, 480]
losses, trained = [], []
for length in lengths:
    cv = PurgedSplit(4, embargo_size=length)
    proba = cross_val_predict(model, X, y, cv=cv, method="predict_proba")
    losses.append(np.asarray(loss_table(y, proba)["log_loss"]))
    trained.append(np.mean([len(train) for train, _ in cv.split(X)]))

# %%
# Differences of the same bars
# ----------------------------
#
# All five tests predict the same bars, so their losses are compared bar by bar with
# those of no embargo, and whole days are drawn for the interval. That is far narrower
# than the intervals of two separate scores.
changes = [
    day_block_bootstrap(loss - losses[0], X.times, random_state=0)
    for loss in losses[1:]
]

# %%
# No length matters here
# ----------------------
#
# Every interval holds zero: none of the four embargoes can be told from none. A longer
# embargo costs rows, which the right side shows. So this is no reason to leave it out:
# the period is short, the forest is a coarse one, and what is lost by embargoing the
# length of the features is small. It only says not to expect a large change once
# blocks are contiguous and labels are purged.
places = np.arange(len(lengths))
middle = np.array([change.estimate for change in changes])
sides = [
    middle - [change.low for change in changes],
    [change.high for change in changes] - middle,
]
fig, (left, right) = plt.subplots(1, 2, figsize=(7.5, 3.4), layout="constrained")
left.axhline(0, color="0.4", linestyle="--", linewidth=1)
left.errorbar(places[1:], middle, yerr=sides, fmt="o", capsize=4)
left.set_xticks(places[1:], lengths[1:])
left.set(xlabel="embargo (bars)", ylabel="log loss less that of no embargo")
left.set_title("No change to be seen (95 % over days)", fontsize=11)
right.bar(places, trained, color="C1", width=0.6)
right.set_xticks(places, lengths)
right.set(xlabel="embargo (bars)", ylabel="training rows per fold")
right.set_title("Rows are what it costs", fontsize=11)
