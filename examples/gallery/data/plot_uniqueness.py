"""
How much do overlapping labels repeat each other?
=================================================

A label that looks twenty bars ahead, on every bar, shares most of them with its
neighbours. How much news is left in each, and does it help to label fewer bars?
"""

# %%
# Three ways to label
# -------------------
#
# The uniqueness of a label is the mean, over the bars it looks at, of one over the
# number of labels that look at the bar. It is 1 for a label alone. We label every bar
# by a fixed horizon, every bar by three barriers, and then only the bars at which the
# price has come a certain way, as ``cusum_events`` finds them.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from sk_ensemble.datasets import load_bars
from sk_ensemble.labeling import (
    cusum_events,
    fixed_horizon_labels,
    triple_barrier_labels,
    uniqueness_weights,
)

bars = load_bars("IF", start="2021-01", end="2021-06")
events = cusum_events(bars, 5)


def label_sets(horizon: int) -> dict[str, pd.DataFrame]:
    """Return labels of one horizon, made in three ways."""
    barriers = triple_barrier_labels(bars, horizon, across_sessions=True)
    return {
        "fixed horizon, every bar": fixed_horizon_labels(
            bars, horizon, across_sessions=True
        ),
        "triple barrier, every bar": barriers,
        "triple barrier, events": barriers[barriers.index.isin(events.index)],
    }


# %%
# Against the horizon
# -------------------
#
# On the left is the mean uniqueness, with the range of the middle 80 % of the labels.
# With a fixed horizon on every bar it is one over the horizon, the dashed line.
# Barriers end some labels early, so these share less. Events are about one bar in
# twenty, and hardly overlap up to twenty bars.
#
# On the right is the sum of all uniqueness: how many labels without overlap a set is
# worth. Some 5,500 labels of 20 bars are worth 283, and the 272 events among them
# nearly as much. At 80 bars the events are worth about what all bars with the same
# barriers are. At two bars they are worth about a tenth of it: there, leaving bars out
# loses something. The sum counts bars, not what can be learnt from them; whether events
# are the better samples is another question.

horizons = [2, 5, 10, 20, 40, 80]
weights = {
    h: {k: uniqueness_weights(v, bars) for k, v in label_sets(h).items()}
    for h in horizons
}
names = list(weights[2])
figure, (left, right) = plt.subplots(1, 2, figsize=(8.5, 4), layout="constrained")
for number, name in enumerate(names):
    own = [weights[h][name] for h in horizons]
    means = np.array([w.mean() for w in own])
    spread = np.array([w.quantile([0.1, 0.9]) for w in own])
    left.fill_between(horizons, *spread.T, color=f"C{number}", alpha=0.2, linewidth=0)
    left.plot(horizons, means, "o-", color=f"C{number}", label=name)
    right.plot(horizons, [w.sum() for w in own], "o-", color=f"C{number}")
left.plot(horizons, 1 / np.array(horizons), "--", color="0.3", label="1 / horizon")
for axis in (left, right):
    axis.set(xscale="log", yscale="log", xlabel="horizon (bars)")
    axis.set_xticks(horizons, [str(h) for h in horizons])
    axis.minorticks_off()
left.set(ylabel="uniqueness of a label")
left.set_title("On every bar it is about 1 / horizon", fontsize=10)
right.set(ylabel="sum of uniqueness (labels)")
right.set_title("At long horizons few labels are worth as many", fontsize=10)
figure.legend(loc="outside lower center", ncols=2, frameon=False)

# %%
# Over time
# ---------
#
# Three days of labels over 20 bars, a point for each; the dotted lines are nights. With
# a fixed horizon all labels have the same uniqueness, so as weights it changes nothing
# but the scale. With barriers it varies with how fast the price moves: short labels
# share with few others. The events are few, and most of them stand alone or nearly so.

first = pd.Timestamp("2021-03-08", tz="UTC")
days = bars[bars["datetime"].between(first, first + pd.Timedelta("3D"))]
place = pd.Series(np.arange(len(days)), index=pd.DatetimeIndex(days["datetime"]))
figure, axis = plt.subplots(figsize=(7.5, 4), layout="constrained")
for number, name in enumerate(names):
    part = weights[20][name].droplevel("symbol")
    part = part[part.index.isin(place.index)]
    axis.plot(place[part.index], part, "o", color=f"C{number}", ms=4, label=name)
for start in place[place.index.to_series().diff() > pd.Timedelta("4h")]:
    axis.axvline(start - 0.5, color="0.3", linewidth=1, linestyle=":")
axis.set(yscale="log", xlabel="bar of 5 minutes", ylabel="uniqueness of a label")
axis.set_title("Labels on every bar share much, those on events little", fontsize=10)
axis.legend(frameon=False)
