"""
Why must a stack not learn from in-sample predictions?
======================================================

A stack learns how far to trust each of its members. What does it learn when it sees
them predict the very bars that they were trained on, and one learns bars by heart?
"""

# %%
# Three members, one of them by heart
# -----------------------------------
#
# The bars are synthetic: a signal moves them, and a logistic regression over thirty
# bars and a small forest over three can each find a part of it. The third member is a
# tree without limits, which is right about every bar that it has seen. The first 60 %
# of the bars are known, the rest come later.
import numpy as np
from matplotlib import pyplot as plt
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier

from sk_ensemble import Panel, PurgedSplit, PurgedStackingClassifier, Windower, create
from sk_ensemble.datasets import make_bars
from sk_ensemble.metrics import day_block_bootstrap, loss_table
from sk_ensemble.preprocessing import bar_features

data = make_bars(3500, 1, random_state=1)
features = bar_features(data.bars)
panel = Panel.from_frame(features, features=["close_location", "return_1", "range_1"])
X, y = panel.align(data.labels)
start = X.times[int(0.6 * len(X))]
known, later = X.label_end < start, X.times >= start
members = [
    ("linear", make_pipeline(Windower(30), create("logistic", C=0.01))),
    (
        "forest",
        make_pipeline(
            Windower(3),
            create(
                "random_forest", n_estimators=20, min_samples_leaf=20, random_state=0
            ),
        ),
    ),
    (
        "deep tree",
        make_pipeline(
            Windower(3, flatten=True), DecisionTreeClassifier(random_state=0)
        ),
    ),
]

# %%
# The same stack, taught in two ways
# ----------------------------------
#
# The first stack is made from what the fitted members say of their own training bars.
# The second asks each member only about bars whose labels it was not trained on:
# purged folds, with an embargo as long as the widest window.
fitted = {name: model.fit(X[known], y[known]) for name, model in members}
fooled = PurgedStackingClassifier.from_oof(
    {name: model.predict_proba(X[known]) for name, model in fitted.items()},
    y[known],
    X[known],
    cv=PurgedSplit(4),
    estimators=list(fitted.items()),
)
stack = PurgedStackingClassifier(members, cv=PurgedSplit(4, embargo_size=30))
stack.fit(X[known], y[known])

# %%
# Later bars decide
# -----------------
#
# On the left is how far each stack follows its members: 1 repeats the log odds of a
# member, 0 ignores them. In sample the tree looks perfect, so the first stack follows
# it and hardly asks the others. Out of fold the tree is seen to be worthless.
#
# On the right is the log loss on later bars, on a logarithmic scale, with 95 %
# intervals from a bootstrap of whole days. The dashed line is the loss of saying "a
# third each": the stack that learnt in sample is far worse than knowing nothing. The
# other has the least loss of all, near that of the true probabilities (dotted), which
# are known here since the bars are synthetic. Bar by bar it gains 0.029 nats on the
# linear member, with an interval from 0.012 to 0.045.


def loss_with_interval(model):
    """Return the mean log loss on later bars with its 95 % interval over days."""
    losses = loss_table(y[later], model.predict_proba(X[later]))["log_loss"]
    return day_block_bootstrap(losses, X.times[later], random_state=0)


stacks = {"in sample": fooled, "out of fold": stack}
judged = {
    "out-of-fold stack": stack,
    "in-sample stack": fooled,
    "forest": fitted["forest"],
    "linear": fitted["linear"],
}
colours = ["C0", "C1", "0.4", "0.4"]
fig, (left, right) = plt.subplots(
    1, 2, figsize=(8, 3.8), layout="constrained", width_ratios=[2, 3]
)
places = np.arange(3)
for offset, colour, (name, model) in zip(
    (0.2, -0.2), ("C1", "C0"), stacks.items(), strict=True
):
    weights = list(model.weights_.values())[::-1]
    left.barh(places + offset, weights, 0.38, color=colour, label=name)
left.axvline(0, color="0.5", linewidth=0.8)
left.set_yticks(places, list(stack.weights_)[::-1])
left.set(xlabel="weight of the member's log odds")
left.legend(title="stack learnt", frameon=False, loc="center right")
for place, (colour, model) in enumerate(zip(colours, judged.values(), strict=True)):
    loss = loss_with_interval(model)
    sides = [[loss.estimate - loss.low], [loss.high - loss.estimate]]
    right.errorbar(loss.estimate, place, xerr=sides, fmt="o", color=colour, capsize=3)
    right.text(
        1.03 * max(loss.high, np.log(3)),
        place,
        f"{loss.estimate:.2f}",
        va="center",
    )
right.axvline(np.log(3), color="0.3", linestyle="--", linewidth=1)
right.axvline(data.bayes_log_loss, color="0.3", linestyle=":", linewidth=1)
right.set_xscale("log")
ticks = [1, 1.5, 2, 3, 4]
right.set_xticks(ticks, map(str, ticks))
right.minorticks_off()
right.set_yticks(range(len(judged)), list(judged))
right.set(xlabel="log loss on later bars, nats", xlim=(0.93, 5.2), ylim=(-0.6, 3.6))
fig.suptitle("A stack taught in sample trusts whoever learns by heart")
