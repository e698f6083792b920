"""
What do the shipped bars look like?
===================================

The package comes with 5-minute bars of four Chinese futures. Before any model: when do
they trade, where are the holes, and how large are the moves across them?
"""

# %%
# Prices without the pauses
# -------------------------
#
# ``Panel.plot`` draws a column over time and leaves out the times at which nothing
# trades. Here are two weeks of a stock index (IF) and of silver (AG). ``max_gap`` cuts
# each symbol into segments, and a line breaks where a new one begins: between two days,
# and for silver also between the afternoon and the night. A jump across a break is a
# move that nobody could trade on the way.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.dates import DateFormatter, MonthLocator

from sk_ensemble import Panel
from sk_ensemble.datasets import load_bars

fortnight = load_bars(["IF", "AG"], start="2021-06-15", end="2021-06-28")
panel = Panel.from_frame(fortnight, features=["close"], max_gap="4h")
axes = panel.plot()
axes[0, 0].figure.suptitle("Prices move in sessions, and jump between them")

# %%
# Kinds of steps
# --------------
#
# A step leads from the close of a bar to the close of the next one. Most take five
# minutes. Some lead over a break at noon, some over a night or a weekend, and some into
# another contract, because each symbol is a chain of contracts, glued without
# adjustment.

bars = load_bars(["IF", "AG"]).set_index("symbol")
wait = bars.groupby(level=0)["datetime"].diff()
move = 1e4 * bars.groupby(level=0)["close"].pct_change().abs()
bars["kind"] = np.select(
    [
        bars["new_contract"],
        wait > pd.Timedelta("4h"),
        wait > pd.Timedelta("5min"),
    ],
    ["new contract", "night, weekend", "break"],
    default="next bar",
)
bars["day"] = bars["datetime"].dt.date
kinds = ["next bar", "break", "night, weekend", "new contract"]
days = move.groupby([bars.index, bars["kind"], bars["day"]]).mean().dropna()
sizes = days.groupby(level=[0, 1]).agg(["mean", "sem"])

# %%
# Hours and moves
# ---------------
#
# On the left each dot is a bar since 2020, at its day and its hour in China. The stock
# index trades by day. Silver trades at night too, except for a stretch in 2020, and is
# missing altogether for four weeks in 2021. On the right, on a logarithmic axis, are
# the mean moves by kind of step since 2016, with 95 % intervals from the spread of the
# days.
#
# A night moves the price several times as far as five minutes do; the noon break moves
# the index hardly more than a bar. The steps into a new contract lie over a night as
# well, and are larger still, by far so for silver (13 steps, three of them over weeks
# without bars): that is the price of another contract, not a gain. So labels here never
# reach over a change of contract, and over a night only if they are told to.

figure, axes = plt.subplot_mosaic(
    [["AG", "moves"], ["IF", "moves"]], figsize=(8.5, 4.5), layout="constrained"
)
moves = axes["moves"]
for number, symbol in enumerate(["AG", "IF"]):
    own, axis = bars.loc[symbol], axes[symbol]
    times = own.loc[own["datetime"] >= "2020", "datetime"]
    local = times.dt.tz_convert("Asia/Shanghai")
    hours = local.dt.hour + local.dt.minute / 60
    axis.plot(local.dt.date, hours, ",", color=f"C{number}")
    axis.set(ylim=(24, 0), yticks=range(0, 25, 6), ylabel="hour in China")
    axis.xaxis.set_major_locator(MonthLocator([1, 7]))
    axis.xaxis.set_major_formatter(DateFormatter("%Y-%m"))
    axis.set_title(f"{symbol}: bars exist while its market is open", fontsize=10)
    part = sizes.loc[symbol].loc[kinds]
    moves.bar(
        np.arange(4) + 0.4 * number,
        part["mean"],
        yerr=1.96 * part["sem"],
        width=0.38,
        capsize=3,
        color=f"C{number}",
        label=symbol,
    )
moves.set(yscale="log", ylabel="mean absolute move (basis points)")
moves.set_xticks(np.arange(4) + 0.2, [kind.replace(" ", "\n") for kind in kinds])
moves.set_title("A night moves the price like many bars", fontsize=10)
moves.legend(frameon=False)
