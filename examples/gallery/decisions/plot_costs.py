"""
What do costs leave of a signal?
================================

A model of five-minute bars trades often, and each trade costs something. How much
profit is left at which cost, and can it be saved by trading less?
"""

# %%
# A small signal
# --------------
#
# A linear model predicts which way an index future goes over the next five bars. Each
# bar is predicted by a model that was trained without it. The bars are real, those of
# the CSI 300 future from 2019 to October 2021.
import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.dates import DateFormatter, YearLocator
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sk_ensemble import Panel, PurgedSplit, RowTransformer, Windower
from sk_ensemble.backtest import backtest, positions_from_proba
from sk_ensemble.datasets import contract_specs, load_bars
from sk_ensemble.labeling import fixed_horizon_labels
from sk_ensemble.metrics import day_block_bootstrap
from sk_ensemble.preprocessing import bar_features

bars = load_bars(["IF"], start="2019-01")
labels = fixed_horizon_labels(bars, horizon=5)
X, y = Panel.from_frame(bar_features(bars)).align(labels)
model = make_pipeline(
    RowTransformer(StandardScaler()),
    Windower(1, flatten=True),
    LinearDiscriminantAnalysis(solver="lsqr"),
)
cv = PurgedSplit(5, embargo_size=60)
table = cross_val_predict(model, X, y, cv=cv, method="predict_proba")
proba = pd.DataFrame(table, index=X.index, columns=[-1, 0, 1])

# %%
# The same trades at four costs
# -----------------------------
#
# A bet is made where the probabilities of up and down differ by more than a threshold,
# and lasts five bars. Costs are in basis points (bp, hundredths of a percent) of the
# traded value. What this future costs, half a tick and the fee of the exchange, is near
# 0.5 bp if one is always filled at the next price.
BP = 1e-4
positions = positions_from_proba(proba, 5, bars=bars, threshold=0.05)
by_cost = {cost: backtest(positions, bars, costs=cost * BP) for cost in (0, 0.5, 1, 2)}

# %%
# The cost that a strategy can bear
# ---------------------------------
#
# The gross profit over all that was traded is the cost at which nothing would be left.
# It is computed for several thresholds, with a 95 % interval from a bootstrap of days.
thresholds = [0, 0.02, 0.05, 0.08]
traded, bearable = [], []
for threshold in thresholds:
    positions = positions_from_proba(proba, 5, bars=bars, threshold=threshold)
    gross = backtest(positions, bars, costs=0)
    mean = day_block_bootstrap(gross.daily, gross.daily.index, random_state=0)
    traded.append(gross.turnover)
    bearable.append(
        np.array([mean.low, mean.estimate, mean.high]) / gross.turnover / BP
    )
low, bearable, high = np.transpose(bearable)
# %%
# Costs decide, and chance has a word
# -----------------------------------
#
# On the left is the profit, added up without compounding. The trades are the same. At
# 0.5 bp the costs have eaten what the signal earned, at 2 bp there is a steady loss.
# The two best days made two thirds of the profit before costs, which is a reason to
# trust none of the curves.
#
# On the right is the cost at which the profit would be gone, beside what trading costs
# (dashed). A higher threshold trades less: once the capital a day instead of six times.
# But what is earned per trade does not visibly rise with it, so less is lost and
# nothing is won. All the intervals reach below zero: these days do not show that the
# strategy earns anything at all, before costs or after them.
specs = contract_specs().loc["IF"]
real_cost = specs["tick"] / 2 / bars["close"].mean() + specs["fee"]
fig, (left, right) = plt.subplots(
    1, 2, figsize=(8, 3.8), layout="constrained", width_ratios=[3, 2]
)
shades = plt.colormaps["cividis"](np.linspace(0.85, 0, len(by_cost)))
for shade, (cost, result) in zip(shades, by_cost.items(), strict=True):
    label = f"{cost} bp: Sharpe {result.sharpe:.2f}"
    left.plot(100 * result.daily.cumsum(), color=shade, linewidth=1.2, label=label)
left.axhline(0, color="0.7", linewidth=0.8, zorder=0)
left.legend(frameon=False, loc="upper left", fontsize=9, ncols=2)
left.set_ylim(top=20)
left.xaxis.set_major_locator(YearLocator())
left.xaxis.set_major_formatter(DateFormatter("%Y"))
left.set(xlabel="trading day", ylabel="profit, % of the capital")
places = range(len(thresholds))
right.errorbar(
    places, bearable, yerr=[bearable - low, high - bearable], fmt="o", capsize=3
)
right.axhline(0, color="0.7", linewidth=0.8, zorder=0)
right.axhline(real_cost / BP, color="0.3", linestyle="--", linewidth=1)
right.set_xticks(
    places, [f"{t}\n{times:.1f}" for t, times in zip(thresholds, traded, strict=True)]
)
right.set(
    xlabel="threshold, and below it the turnover\nper day (multiples of the capital)",
    ylabel="cost that can be borne, bp",
)
fig.suptitle("Half a basis point eats the profit, and trading less does not save it")
