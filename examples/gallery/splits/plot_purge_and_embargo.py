"""
Which training rows do purging and the embargo remove?
======================================================

Before a test block, training rows go whose labels reach into it. After the block, rows
go that the labels of the block reach, and then those that follow too closely. How many
are these, and where do they lie?
"""

# %%
# Folds of one month
# ------------------
#
# A month of 5-minute bars of an index future is cut into four blocks of equal length.
# Labels last 20 bars and the embargo is as long as a window of 60 bars.
# ``describe_splits`` counts what each fold does with the rows.
from sk_ensemble import Panel, PurgedSplit
from sk_ensemble.datasets import load_bars
from sk_ensemble.labeling import fixed_horizon_labels
from sk_ensemble.model_selection import describe_splits, plot_splits

bars = load_bars("IF", start="2021-08", end="2021-08")
panel = Panel.from_frame(bars, features=["close"])
X, y = panel.align(fixed_horizon_labels(bars, horizon=20, across_sessions=True))
cv = PurgedSplit(4, embargo_size=60)
table = describe_splits(cv, X)[["train", "test", "purged", "embargoed"]]
table

# %%
# Where they lie
# --------------
#
# Each lane is a fold. The first block has nothing before it and the last nothing after
# it, so these lose rows on one side only. In the middle, a narrow zone is purged before
# the block; after it, another is purged and three times as many rows are under embargo.
# The embargo has no counterpart before the block: windows look back, not ahead.
#
# Both zones have a fixed length. In a month of 1,000 bars they cost up to a tenth of
# the rows, in five years they would hardly be seen.
ax = plot_splits(cv, X)
ax.figure.set_size_inches(7.5, 3.2)
ax.set_title("Purged on both sides of a block, embargoed only after it")
