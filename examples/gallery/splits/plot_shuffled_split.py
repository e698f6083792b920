"""
How much does a shuffled split flatter a model?
===============================================

A random forest says whether an index future goes down, stays or goes up over 20 bars.
It is tested in shuffled folds, in purged folds, and on what came afterwards. Which of
the first two foretold the third?
"""

# %%
# One model, three tests
# ----------------------
#
# Labels of neighbouring bars span nearly the same 20 bars, so they are nearly the
# same label. A shuffled split puts some into training and the others into the test. A
# purged split tests contiguous blocks and drops the training rows whose labels overlap
# them. The last third of the bars is kept from both.
import numpy as np
from matplotlib import pyplot as plt
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.pipeline import make_pipeline

from sk_ensemble import Panel, PurgedSplit, Windower
from sk_ensemble.datasets import load_bars
from sk_ensemble.labeling import fixed_horizon_labels
from sk_ensemble.metrics import day_block_bootstrap
from sk_ensemble.preprocessing import bar_features

bars = load_bars("IF", start="2019-07", end="2020-06")
panel = Panel.from_frame(bar_features(bars))
X, y = panel.align(fixed_horizon_labels(bars, horizon=20))
start = X.times[int(2 / 3 * len(X))]
known, later = X.label_end < start, X.times >= start
forest = RandomForestClassifier(30, random_state=0)
model = make_pipeline(Windower(1, flatten=True), forest)

# %%
# Hits and their intervals
# ------------------------
#
# Each bar is a hit or a miss. The interval comes from a bootstrap of whole days, since
# the bars of one day share their labels and are no independent trials.


def accuracy(guess, y, times):
    """Return the share of hits with its 95 % interval over days."""
    return day_block_bootstrap((guess == y).astype(float), times, random_state=0)


ways = {
    "shuffled folds": KFold(4, shuffle=True, random_state=0),
    "purged folds": PurgedSplit(4, embargo_size=240),
}
scores = {}
for name, cv in ways.items():
    guess = cross_val_predict(model, X[known], y[known], cv=cv)
    scores[name] = accuracy(guess, y[known], X.times[known])
guess = model.fit(X[known], y[known]).predict(X[later])
scores["what came next"] = accuracy(guess, y[later], X.times[later])

# %%
# The forest remembers and knows nothing
# --------------------------------------
#
# In shuffled folds it looks right three times in four. In purged folds it is right
# two times in five, and so it is afterwards: the intervals of these two overlap. The
# dashed line is what one gets by always naming the class that was the most frequent
# before. The whole interval of the forest lies below it: judged by accuracy, it would
# have been better to know no features at all. What the shuffled split took for skill
# was labels remembered from neighbouring bars.
#
# The purged score is no prophecy. Another period may be better or worse than the
# interval says, which holds for days like those tested.
classes, counts = np.unique(y[known], return_counts=True)
always = np.mean(y[later] == classes[counts.argmax()])
fig, ax = plt.subplots(figsize=(7, 3.2), layout="constrained")
for place, score in enumerate(scores.values()):
    sides = [[score.estimate - score.low], [score.high - score.estimate]]
    ax.errorbar(
        score.estimate, place, xerr=sides, fmt="o", capsize=4, color=f"C{place}"
    )
    ax.text(score.estimate, place - 0.15, f"{score.estimate:.0%}", ha="center")
ax.axvline(always, color="0.4", linestyle="--", linewidth=1)
ax.set_yticks(range(len(scores)), list(scores))
ax.set_ylim(len(scores) - 0.5, -0.5)
ax.xaxis.set_major_formatter("{x:.0%}")
ax.set_xlabel("accuracy, with 95 % interval over days")
ax.set_title("Shuffling nearly doubles the accuracy; purging foretells it")
