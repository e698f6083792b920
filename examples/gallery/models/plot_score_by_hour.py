"""
At which hours does a model know more than the clock?
=====================================================

One score for all bars may hide that a model is good at some hours, or in wild times
only. Boosting predicts silver, 20 bars ahead. When does it gain on the class shares,
and when on a clock?
"""

# %%
# Losses of the same rows
# -----------------------
#
# The prior names the shares of the classes, the clock those of each time of day. The
# losses of each row are kept, so that they can be sorted by anything known at the row:
# here its hour, and the volatility of late, in quarters from calm to wild.
import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from sklearn.pipeline import make_pipeline

from sk_ensemble import Panel, PurgedSplit, Windower, create
from sk_ensemble.datasets import load_bars
from sk_ensemble.labeling import bar_volatility, fixed_horizon_labels
from sk_ensemble.metrics import day_block_bootstrap, loss_table
from sk_ensemble.model_selection import cross_val_oof
from sk_ensemble.preprocessing import bar_features

bars = load_bars("AG", start="2019-07", end="2021-06")
X, y = Panel.from_frame(bar_features(bars)).align(fixed_horizon_labels(bars, 20))
models = {
    "prior": create("prior"),
    "clock": create("clock", timezone="Asia/Shanghai"),
    "boosting": create("lightgbm", n_estimators=60, random_state=0, n_jobs=1),
}
cv = PurgedSplit(4, embargo_size=240)
losses = {}
for name, model in models.items():
    oof = cross_val_oof(make_pipeline(Windower(1), model), X, y, cv)
    losses[name] = np.asarray(loss_table(y, oof.predictions)["log_loss"])

local = pd.DatetimeIndex(X.times, tz="UTC").tz_convert("Asia/Shanghai")
volatility = bar_volatility(bars).reindex(X.index)
quarters = ["calm", "rather calm", "rather wild", "wild"]
groups = {
    "hour in China": local.hour.to_numpy(),
    "volatility of late": np.asarray(pd.qcut(volatility, 4, labels=quarters)),
}
orders = {"hour in China": [21, 22, 23, 0, 9, 10, 11], "volatility of late": quarters}

# %%
# Gains by group
# --------------
#
# The mean gain of each group, with a 95 % interval from a bootstrap of whole days.


def gain(rival, rows):
    """Return the gain of boosting on a rival in some rows: low, middle, high."""
    difference = losses[rival][rows] - losses["boosting"][rows]
    mean = day_block_bootstrap(difference, X.times[rows], random_state=0)
    return 1000 * np.array([mean.low, mean.estimate, mean.high])


# %%
# Nearly all of it is the clock
# -----------------------------
#
# On the prior, boosting gains most at night: in the hour after the opening at nine,
# when silver moves more than its volatility of late suggests, and from eleven on, when
# it moves less. By day there is less, or nothing. Calm or wild times make little
# difference.
#
# On the clock nothing is left but 22 o'clock, whose interval is clear of zero. Of
# eleven intervals of 95 %, one may well miss zero by chance, so this is a question for
# other data and no finding. The hours that look best were found by looking: a model
# that is to trade at 22 o'clock alone needs a test on bars that have not been looked
# at.
fig, axes = plt.subplots(
    1, 2, figsize=(8, 3.8), sharey=True, layout="constrained", width_ratios=[7, 4]
)
for ax, (what, values) in zip(axes, groups.items(), strict=True):
    places = np.arange(len(orders[what]))
    for offset, rival in [(-0.12, "prior"), (0.12, "clock")]:
        low, middle, high = np.transpose(
            [gain(rival, values == group) for group in orders[what]]
        )
        ax.errorbar(
            places + offset,
            middle,
            yerr=[middle - low, high - middle],
            fmt="o",
            capsize=3,
            label=f"on the {rival}",
        )
    ax.axhline(0, color="0.4", linestyle="--", linewidth=1)
    ax.set_xticks(places, [str(group).replace(" ", "\n") for group in orders[what]])
    ax.set_xlabel(what)
axes[0].set_ylabel("gain of boosting (0.001 nats)")
axes[0].legend(frameon=False)
fig.suptitle("Boosting gains at night, and hardly more than the clock does")
