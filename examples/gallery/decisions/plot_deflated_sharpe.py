"""
How many trials make a Sharpe ratio worthless?
==============================================

A strategy with a Sharpe ratio of 1.5 over three years looks like a find. How does it
look once it is known how many others were tried and thrown away?
"""

# %%
# Luck grows with the number of trials
# ------------------------------------
#
# Worthless strategies have Sharpe ratios too, scattered around 0 with a standard
# deviation of about one over the root of the years. The more of them are tried, the
# higher is the best of them. The expected best has a closed form; to check it, the best
# of N coin tosses is also drawn many times over. All Sharpe ratios are annual in the
# picture, and per day in the functions.
import numpy as np
from matplotlib import pyplot as plt

from sk_ensemble.metrics import (
    ReturnMoments,
    deflated_sharpe_ratio,
    expected_maximum_sharpe,
)

YEAR = 252
years = 3
counts = np.unique(np.geomspace(1, 1000, 60).round())
luck = [expected_maximum_sharpe(n, variance=1 / years) for n in counts]
rng = np.random.default_rng(0)
drawn_counts = np.array([1, 3, 10, 30, 100, 300, 1000])
drawn = [
    rng.normal(scale=years**-0.5, size=(2000, n)).max(axis=1) for n in drawn_counts
]
middle = np.array([best.mean() for best in drawn])
sides = np.abs(np.quantile(drawn, [0.05, 0.95], axis=1) - middle)

# %%
# What is left of a Sharpe ratio
# ------------------------------
#
# The deflated Sharpe ratio is the confidence that a strategy is better than the best of
# so many worthless ones is expected to be. It is computed for three strategies that
# differ in their Sharpe ratio alone, all with three years of normal daily returns.
sharpes = [1.0, 1.5, 2.5]
deflated = {
    sharpe: [
        deflated_sharpe_ratio(
            ReturnMoments(sharpe / YEAR**0.5, years * YEAR),
            n_trials=n,
            trial_variance=1 / (years * YEAR),
        )
        for n in counts
    ]
    for sharpe in sharpes
}

# %%
# A handful is enough
# -------------------
#
# On the left the best of N coin tosses over three years: the mean (line: closed form,
# dots: drawn) and the middle 90 % of what was drawn. Fifteen trials suffice to expect a
# best of more than 1.
#
# On the right the confidence. A Sharpe ratio of 1.5 is beyond doubt as the only trial,
# and falls below the usual 95 % (dashed) at the fourth. Where a curve crosses a half
# (dotted), the strategy is just what the best of so many worthless ones is expected to
# be: for 1.5 that is near 120 trials. Even 2.5 does not stand a search of more
# than 150. The count has to include everything that was tried, by hand too, and trials
# that are much alike count as fewer.
fig, (left, right) = plt.subplots(1, 2, figsize=(8, 3.8), layout="constrained")
left.plot(counts, luck, color="C0", label="expected, closed form")
left.errorbar(
    drawn_counts,
    middle,
    yerr=sides,
    fmt="o",
    color="C1",
    capsize=3,
    label="drawn: mean, middle 90 %",
)
left.axhline(0, color="0.7", linewidth=0.8)
left.set(
    xscale="log",
    xlabel="worthless strategies tried",
    ylabel="annual Sharpe ratio of the best",
)
left.legend(frameon=False, loc="lower right")
for colour, (sharpe, curve) in zip(("C1", "C0", "C2"), deflated.items(), strict=True):
    right.plot(counts, curve, color=colour, label=f"Sharpe ratio {sharpe}")
right.axhline(0.95, color="0.3", linestyle="--", linewidth=1)
right.axhline(0.5, color="0.3", linestyle=":", linewidth=1)
right.set(
    xscale="log",
    xlabel="strategies tried, this one included",
    ylabel="deflated Sharpe ratio (confidence)",
    ylim=(0, 1.03),
)
right.legend(frameon=False, loc="lower left")
fig.suptitle(
    "Over three years, 4 trials undo a Sharpe ratio of 1.5, and 150 one of 2.5"
)
