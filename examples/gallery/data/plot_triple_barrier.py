"""
Which barrier is touched first?
===============================

A label of three barriers asks what a position would have met: a gain, a loss, or the
end of its time. What does that look like on real prices, and how often is it which?
"""

# %%
# Labels with barriers of their own width
# ---------------------------------------
#
# Each bar gets a barrier above its close, one below and one twelve bars ahead. The
# distance is the volatility known at the bar, times the square root of twelve: about
# the size of a common move in that time. Without ``target`` it would be the same.

import matplotlib.pyplot as plt
import numpy as np

from sk_ensemble.datasets import load_bars
from sk_ensemble.labeling import bar_volatility, label_shares, triple_barrier_labels

HORIZON = 12
bars = load_bars("IF", start="2021-05", end="2021-07")
width = bar_volatility(bars) * np.sqrt(HORIZON)
labels = triple_barrier_labels(bars, HORIZON, target=width)

day = bars[bars["datetime"].dt.strftime("%Y-%m-%d") == "2021-06-10"]
day = day.set_index(["symbol", "datetime"])
number = {bar: place for place, bar in enumerate(day.index)}
events = day.index[[0, 12, 23, 35]]

# %%
# Four positions of one day
# -------------------------
#
# The grey strokes run from the low to the high of each bar. A box is a position: from
# its entry to the vertical barrier, between the two others. The dot is the touch, and
# the colour says which it was. Highs and lows touch barriers, not closes alone, so a
# box can end where the line of the closes has not reached its edge. Past the touch the
# box is empty: what the price does there no longer matters. Nor does the range of the
# bar of the entry, which is over when the position is taken at its close.

colours = {1: "C0", 0: "0.45", -1: "C1"}
names = {1: "upper: 1", 0: "vertical: 0", -1: "lower: -1"}
figure, axis = plt.subplots(figsize=(7.5, 4), layout="constrained")
axis.vlines(range(len(day)), day["low"], day["high"], color="0.8", linewidth=3)
axis.plot(day["close"].to_numpy(), color="0.3", linewidth=1)
for event in events:
    label, start = labels.loc[event], number[event]
    stop = number[event[0], label["label_end"]]
    price, half = day.loc[event, "close"], width.loc[event]
    colour = colours[label["label"]]
    low, high = price * (1 - half), price * (1 + half)
    axis.fill_between([start, stop], low, high, color=colour, alpha=0.2, linewidth=0)
    axis.plot(
        [start, start + HORIZON, start + HORIZON, start, start],
        [low, low, high, high, low],
        color=colour,
        linewidth=1.2,
    )
    axis.plot(start, price, "|", color=colour, markersize=10, mew=2)
    axis.plot(stop, price * (1 + label["return"]), "o", color=colour)
for value, name in names.items():
    axis.plot([], [], "o", color=colours[value], label=name)
axis.legend(frameon=False, loc="lower center")
axis.set(xlabel="bar of the day (5 minutes)", ylabel="IF (index points)")
axis.set_title(
    "The barrier touched first is the label, and its time the end", fontsize=10
)

# %%
# How often which
# ---------------
#
# The distance decides how the three share the bars. Close barriers are nearly always
# touched: the vertical one is then hardly used, and the label is the sign of the first
# small move. Distant ones are hardly ever touched, and nearly all labels are 0. In
# between lies a choice, and it is yours: no distance is the right one.

multiples = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 2.5, 3]
shares = np.array(
    [
        label_shares(
            triple_barrier_labels(bars, HORIZON, upper=m, lower=m, target=width)
        )
        .loc["all"]
        .reindex([-1, 0, 1], fill_value=0)
        for m in multiples
    ]
)
figure, axis = plt.subplots(figsize=(7, 3.6), layout="constrained")
axis.stackplot(
    multiples,
    100 * shares.T,
    labels=[names[value] for value in (-1, 0, 1)],
    colors=[colours[value] for value in (-1, 0, 1)],
    alpha=0.7,
)
axis.set(xlabel="distance of both barriers (targets)", ylabel="share of labels (%)")
axis.set(xlim=(0.25, 3), ylim=(0, 100))
axis.set_title("The farther the barriers, the more labels are 0", fontsize=10)
figure.legend(*axis.get_legend_handles_labels(), loc="outside right", frameon=False)
