"""
Would the best of many be the best later?
=========================================

To keep the strategy with the best backtest is a good idea if the order of strategies
lasts. Does it last among forty coin tosses, and among forty of which one is real?
"""

# %%
# Two contests
# ------------
#
# In the first contest none of forty strategies has any merit: four years of daily
# returns are drawn at random. The second has the same returns, but one strategy gets a
# true annual Sharpe ratio of 2 on top of its noise.
import numpy as np
from matplotlib import pyplot as plt

from sk_ensemble.metrics import probability_of_backtest_overfitting

DAYS = 252


def contest(sharpe, seed):
    """Return the daily returns of 40 strategies, the first with a true Sharpe ratio."""
    returns = np.random.default_rng(seed).normal(size=(4 * DAYS, 40))
    returns[:, 0] += sharpe / DAYS**0.5
    return 0.01 * returns


contests = {"coin tosses": contest(0, seed=4), "one is real": contest(2, seed=4)}

# %%
# Every half of the time chooses
# ------------------------------
#
# Combinatorially symmetric cross-validation cuts time into ten blocks. Each half of the
# blocks, 252 in all, chooses the strategy that does best in it, and the other half says
# how this one does elsewhere. The probability of backtest overfitting (PBO) is the
# share of the splits in which the chosen one is no better there than the median.
found = {
    name: probability_of_backtest_overfitting(returns, n_blocks=10)
    for name, returns in contests.items()
}

# %%
# One contest is one sample, though. So 25 contests are held for each of several true
# Sharpe ratios.
sharpes = [0, 1, 2, 3]
repeated = np.array(
    [
        [
            probability_of_backtest_overfitting(contest(sharpe, seed), n_blocks=10).pbo
            for seed in range(25)
        ]
        for sharpe in sharpes
    ]
)
# %%
# How far to trust it
# -------------------
#
# On the left is one contest of each kind, a dot per split. The chosen coin toss has a
# Sharpe ratio of 1.5 on average where it was chosen, and of 0 in the other half. If one
# strategy is real, it is chosen in four splits of five, and most of the promise is
# kept: 2.4 becomes 1.7. (The dots fall along lines because what one half of a fixed
# record has more, the other has less. That is no sign of overfitting.)
#
# On the right is the PBO of many contests. Coin tosses have a half on average, as they
# should, and single contests of them anything from 0.1 to 0.85. So a PBO of 0.1 from
# one search proves little. In four years a real strategy with a Sharpe ratio of 1 can
# hardly be told from luck, one of 2 mostly can, and one of 3 nearly always.
fig, (left, right) = plt.subplots(1, 2, figsize=(8, 3.8), layout="constrained")
for colour, (name, result) in zip(("C1", "C0"), found.items(), strict=True):
    left.plot(
        DAYS**0.5 * result.in_sample,
        DAYS**0.5 * result.out_of_sample,
        "o",
        markersize=3,
        alpha=0.5,
        color=colour,
        label=f"{name}: PBO {result.pbo:.2f}",
    )
left.axhline(0, color="0.7", linewidth=0.8, zorder=0)
left.legend(frameon=False, loc="lower right")
left.set(
    xlabel="annual Sharpe ratio in the half it was chosen by",
    ylabel="annual Sharpe ratio in the other half",
)
jitter = np.random.default_rng(0).uniform(-0.15, 0.15, repeated.shape)
right.plot(np.c_[sharpes] + jitter, repeated, "o", markersize=4, alpha=0.4, color="C2")
right.plot(sharpes, repeated.mean(axis=1), "k_", markersize=24, label="mean of 25")
right.axhline(0.5, color="0.3", linestyle=":", linewidth=1)
right.set(
    xlabel="true annual Sharpe ratio of the real one",
    ylabel="probability of overfitting (PBO)",
    xticks=sharpes,
    ylim=(-0.03, 1),
)
right.legend(frameon=False, loc="upper right")
fig.suptitle("The best of coin tosses is no better later; a strong one stays the best")
