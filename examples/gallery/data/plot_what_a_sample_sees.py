"""
Which bars does a sample see?
=============================

A model that speaks at a bar gets a window of the bars before it. What does the window
hold if there is a lag, just after a night, and where there are too few bars?
"""

# %%
# Four windows
# ------------
#
# ``Windower(12, lag=k)`` ends each window k bars before its sample. A panel made with
# ``max_gap="4h"`` starts a new segment after each night, and no window reaches across.
# ``bar_rows`` names the rows of the history that a window holds, without reading them.

import matplotlib.pyplot as plt
import numpy as np

from sk_ensemble import Panel, Windower
from sk_ensemble.datasets import load_bars

bars = load_bars("IF", start="2021-07-28", end="2021-07-29")
whole = Panel.from_frame(bars, features=["close"])
by_session = Panel.from_frame(bars, features=["close"], max_gap="4h")
close = whole.to_numpy()[:, 0]
morning = int(np.flatnonzero(np.diff(by_session.segment_starts))[0]) + 1

cases = [
    ("lag=0: the last bar is the sample's own", whole, 0, morning - 8),
    ("lag=6: the last six bars are left out", whole, 6, morning - 8),
    ("after a night, one segment: it holds bars of yesterday", whole, 0, morning + 4),
    ("after a night, max_gap='4h': the first bar repeats", by_session, 0, morning + 4),
]

# %%
# The bars of each
# ----------------
#
# The cross is the sample, the dots are the bars of its window, and the line is the
# night. All windows have twelve entries. In the last row only five bars of the session
# have passed, so its first one stands in for the seven that are missing, as the number
# says.
#
# Neither of the lower two is wrong. The one knows yesterday and holds a jump that no
# bar of the day has; the other knows the day only. ``incomplete="error"`` refuses
# repeated bars, and ``align(labels, min_history=12)`` leaves their samples out.

figure, axes = plt.subplots(
    4, 1, figsize=(7, 6), sharex=True, sharey=True, layout="constrained"
)
figure.suptitle(
    "A window ends at its sample, less the lag, and never leaves its segment"
)
shown = slice(morning - 30, morning + 14)
places = np.arange(len(close)) - morning
for axis, (title, panel, lag, sample) in zip(axes, cases, strict=True):
    window = Windower(12, lag=lag).fit_transform(panel[[sample]])
    rows, counts = np.unique(window.bar_rows(), return_counts=True)
    axis.plot(places[shown], close[shown], color="0.75")
    axis.plot(places[rows], close[rows], "o", color="C0", markersize=4)
    axis.plot(places[sample], close[sample], "x", color="C1", markersize=9, mew=2)
    axis.axvline(-0.5, color="0.3", linewidth=1, linestyle=":")
    for row, count in zip(rows, counts, strict=True):
        if count > 1:
            axis.annotate(
                f"{count} times",
                (places[row], close[row]),
                (-8, 0),
                textcoords="offset points",
                ha="right",
                va="center",
                fontsize=9,
                color="C0",
            )
    axis.set_title(title, loc="left", fontsize=9)
axes[-1].set_xlabel("bars of 5 minutes since the first one of the day")
figure.supylabel("close of IF (index points)", fontsize=10)

# %%
# What a model gets
# -----------------
#
# ``gather`` copies windows into an array; here each row is one, for the samples around
# the night, as the difference to the close at the sample. The price has jumped up over
# night. On the left the windows slide on: yesterday, the blue part, leaves them bar by
# bar, and is gone with the twelfth sample of the day. On the right each window begins
# anew with the day: the even stretches are its first bar, repeated. From the twelfth
# sample on both are the same.

samples = np.arange(morning - 6, morning + 18)
figure, axes = plt.subplots(1, 2, figsize=(7, 4), sharey=True, layout="constrained")
figure.suptitle("Without max_gap yesterday is in the windows, with it the day alone")
for axis, panel, title in [
    (axes[0], whole, "one segment"),
    (axes[1], by_session, "max_gap='4h'"),
]:
    values = Windower(12).fit_transform(panel[samples]).gather()[:, :, 0]
    image = axis.imshow(
        values - values[:, -1:],
        cmap="RdBu_r",
        vmin=-80,
        vmax=80,
        aspect="auto",
        extent=(-11.5, 0.5, 17.5, -6.5),
    )
    axis.axhline(-0.5, color="black", linewidth=1, linestyle=":")
    axis.set_title(title, fontsize=10)
    axis.set_xlabel("bar of the window, 0 is the sample's")
axes[0].set_ylabel("sample, bars since the start of the day")
figure.colorbar(image, ax=axes, label="close less the sample's (points)")
