"""
How widely does one model's score spread over combinatorial paths?
==================================================================

Testing every pair of six blocks gives five complete histories of predictions, each
made by models trained on other bars. Do the five tell the same story?
"""

# %%
# Fifteen fits, five paths
# ------------------------
#
# The same small forest is fitted in each of the fifteen folds. ``cross_val_paths`` puts
# the predictions together, so that each path predicts every bar once.
import numpy as np
from matplotlib import pyplot as plt
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline

from sk_ensemble import CombinatorialPurgedSplit, Panel, Windower, cross_val_paths
from sk_ensemble.datasets import load_bars
from sk_ensemble.labeling import fixed_horizon_labels
from sk_ensemble.metrics import day_block_bootstrap, loss_table
from sk_ensemble.preprocessing import bar_features

bars = load_bars("IF", start="2020-01", end="2020-08")
panel = Panel.from_frame(bar_features(bars))
X, y = panel.align(fixed_horizon_labels(bars, horizon=20))
forest = RandomForestClassifier(20, min_samples_leaf=50, random_state=0)
model = make_pipeline(Windower(1, flatten=True), forest)
cv = CombinatorialPurgedSplit(6, 2, embargo_size=240)
paths = cross_val_paths(model, X, y, cv)

# %%
# The score of each path
# ----------------------
#
# The interval of a path comes from a bootstrap of whole days: how the score might be
# on other days like these. The spread from path to path has another cause, the bars
# that the models were trained on.
scores = []
for proba in paths.predictions:
    loss = np.asarray(loss_table(y, proba)["log_loss"])
    scores.append(day_block_bootstrap(loss, X.times, random_state=0))

# %%
# Near each other, and near no skill
# ----------------------------------
#
# The five scores lie within 0.03 of each other, less than the width of any one
# interval. So the choice of training bars matters less here than the choice of days.
# Three paths lie below the loss of saying "a third each" (dashed) by at least 0.02, the
# other two by less than 0.01: had only one history been made, luck would have decided
# which. No path is sure of it, for each interval holds the dashed line.
#
# The paths are no independent trials. All predict the same bars, from training sets
# that share most of theirs, so five agreeing paths are not five confirmations.
estimates = np.array([score.estimate for score in scores])
sides = [
    estimates - [score.low for score in scores],
    [score.high for score in scores] - estimates,
]
fig, ax = plt.subplots(figsize=(7, 3.6), layout="constrained")
ax.axvspan(estimates.min(), estimates.max(), color="C1", alpha=0.25)
ax.errorbar(estimates, range(1, 6), xerr=sides, fmt="o", capsize=4)
ax.axvline(np.log(3), color="0.4", linestyle="--", linewidth=1)
ax.set_yticks(range(1, 6))
ax.set_ylim(5.6, 0.4)
ax.set_xlabel("log loss, with 95 % interval over days (shaded: spread of the paths)")
ax.set_ylabel("path")
ax.set_title("Paths differ less than the days make each of them uncertain")
