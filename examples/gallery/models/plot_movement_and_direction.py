"""
Do models know how far prices move, or which way?
=================================================

A label says down, little movement, or up. A model can gain on a guess in two ways: by
knowing whether the price will move, or by knowing which way. Which of the two is it?
"""

# %%
# From the clock to boosting
# --------------------------
#
# The prior knows the shares of the classes, and the clock knows them for each time of
# day. The volatility baseline sees features of the last bar, but never says more of up
# than of down. A logistic regression and gradient boosting see the same features, and
# may say what they like. They predict silver (AG) and a stock index (IF), 20 bars of 5
# minutes ahead, in blocks of time that were purged from their training.
import numpy as np
from matplotlib import pyplot as plt
from sklearn.pipeline import make_pipeline

from sk_ensemble import Panel, PurgedSplit, Windower, create
from sk_ensemble.datasets import load_bars
from sk_ensemble.labeling import fixed_horizon_labels
from sk_ensemble.metrics import day_block_bootstrap, loss_table
from sk_ensemble.model_selection import cross_val_oof
from sk_ensemble.preprocessing import bar_features

models = {
    "prior": create("prior"),
    "clock": create("clock", timezone="Asia/Shanghai"),
    "volatility": create("volatility"),
    "logistic": create("logistic", C=0.001),
    "boosting": create(
        "lightgbm", n_estimators=60, learning_rate=0.05, random_state=0, n_jobs=1
    ),
}
cv = PurgedSplit(4, embargo_size=240)
parts = {"movement_log_loss": "whether it moves", "direction_log_loss": "which way"}

# %%
# Two losses that add up
# ----------------------
#
# The log loss of a row is that of saying whether there is movement and, if there is,
# that of saying which way. ``loss_table`` tells them apart, so the gain on the prior
# has two parts as well. The intervals come from a bootstrap of whole days of the
# difference on the same rows.


def gains(symbol):
    """Return the gain of each model on the prior, in both parts, with intervals."""
    bars = load_bars(symbol, start="2019-07", end="2021-06")
    labels = fixed_horizon_labels(bars, horizon=20)
    X, y = Panel.from_frame(bar_features(bars)).align(labels)
    losses = {}
    for name, model in models.items():
        oof = cross_val_oof(make_pipeline(Windower(1), model), X, y, cv)
        losses[name] = loss_table(y, oof.predictions)[list(parts)]
    prior = losses.pop("prior")
    return {
        (name, part): day_block_bootstrap(
            prior[part] - loss[part], X.times, random_state=0
        )
        for name, loss in losses.items()
        for part in parts
    }


results = {"silver (AG)": gains("AG"), "stock index (IF)": gains("IF")}

# %%
# What is shown is movement
# -------------------------
#
# For silver all models gain some 0.023 to 0.025 nats on the prior, by knowing whether
# the price will move. The clock alone gains nearly all of it: silver moves at some
# hours more than its volatility of late suggests, and less at others. With no model is
# a gain in direction shown, as all those intervals hold zero. A table of total log
# losses would have ranked the models all the same, and looked like foresight.
#
# For the index there is little to know of movement either: these labels are measured
# by the volatility at the bar, which takes out what is easily known. Logistic
# regression and boosting gain a little, and their intervals barely clear zero. To trade
# needs a direction, so look at both parts before you believe a gain.
names = [name for name in models if name != "prior"]
fig, axes = plt.subplots(
    1, 2, figsize=(8, 3.6), sharex=True, sharey=True, layout="constrained"
)
for ax, (market, result) in zip(axes, results.items(), strict=True):
    for offset, (part, meaning) in zip((-0.15, 0.15), parts.items(), strict=True):
        found = [result[name, part] for name in names]
        middle = np.array([gain.estimate for gain in found])
        sides = [
            middle - [gain.low for gain in found],
            [gain.high for gain in found] - middle,
        ]
        places = np.arange(len(names)) + offset
        ax.errorbar(
            1000 * middle,
            places,
            xerr=1000 * np.array(sides),
            fmt="o",
            capsize=3,
            label=meaning,
        )
    ax.axvline(0, color="0.4", linestyle="--", linewidth=1)
    ax.set_title(market, fontsize=10)
    ax.set_xlabel("gain on the prior (0.001 nats)")
axes[0].set_yticks(range(len(names)), names)
axes[0].invert_yaxis()
fig.legend(
    *axes[0].get_legend_handles_labels(),
    loc="outside lower center",
    ncols=2,
    frameon=False,
)
fig.suptitle("Models know whether prices move; which way, none is shown to know")
