"""
Does the leakage audit find a planted leak?
===========================================

Two pipelines differ in one step: one learns its scaling from training bars, the other
from all bars that there are. No error is raised by either. Does ``audit_leakage`` tell
them apart?
"""

# %%
# A clean and a leaking pipeline
# ------------------------------
#
# The careless scaler takes its mean from the whole history of the panel, so that the
# bars of the test block shift what the model is trained on.
from matplotlib import pyplot as plt
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sk_ensemble import Panel, PurgedSplit, RowTransformer, Windower, audit_leakage
from sk_ensemble.datasets import make_bars
from sk_ensemble.preprocessing import bar_features


class CarelessScaler(TransformerMixin, BaseEstimator):
    """Subtract the mean of every bar, tested ones included."""

    def fit(self, X, y=None):
        """Learn from the whole history, whatever the samples."""
        self.mean_ = X.history.block.mean(axis=0)
        return self

    def transform(self, X):
        """Shift the history."""
        history = X.history.with_block(X.history.block - self.mean_, X.columns)
        return Panel(history, X.positions, X.label_end_ns)


def features(bars):
    """Return two features of single bars."""
    return bar_features(bars)[["symbol", "datetime", "close_location", "range_1"]]


data = make_bars(1200, 1, random_state=0)
X, y = Panel.from_frame(features(data.bars)).align(data.labels)
scalers = {"clean": RowTransformer(StandardScaler()), "leaking": CarelessScaler()}

# %%
# The same audit of both
# ----------------------
#
# The audit replaces the bars of a test block, and bars after some moment, and looks
# whether a model moves that must not. It also tries to learn targets that cannot be
# learnt. Labels are skipped, since the function that made them is not given.
reports = {}
for name, scaler in scalers.items():
    model = make_pipeline(scaler, Windower(4, flatten=True), LogisticRegression())
    reports[name] = audit_leakage(
        model,
        X,
        y,
        PurgedSplit(4, embargo_size=20),
        bars=data.bars,
        features=features,
        max_folds=2,
        random_state=0,
    )

# %%
# One check fails, and names the step
# -----------------------------------
#
# The clean pipeline passes. The leaking one fails the check ``refit``: with the bars
# of the test block replaced, its scaler came out different. The other checks pass, and
# rightly so. The folds are sound, the features do not look ahead, and a mean taken over
# all bars helps no model to learn random targets. Those two checks alone, which go by
# the score, would have missed this leak.
finding = reports["leaking"].findings[0]
checks = list(dict.fromkeys(reports["clean"].to_frame()["check"]))
colours = {"passed": "#a6cee3", "failed": "#fb9a99", "skipped": "0.88"}
fig, ax = plt.subplots(figsize=(7, 4.4), layout="constrained")
for column, report in enumerate(reports.values()):
    for row, check in enumerate(checks):
        status = report.status(check)
        ax.barh(row, 0.94, 0.86, left=column - 0.47, color=colours[status])
        ax.text(
            column, row, status, ha="center", va="center", color="black", weight="bold"
        )
ax.set_xticks(range(len(reports)), [f"{name} pipeline" for name in reports])
ax.set_yticks(range(len(checks)), checks)
ax.set_ylabel("check")
ax.set_xlim(-0.5, 1.5)
ax.set_ylim(len(checks) - 0.5, -0.5)
ax.tick_params(length=0)
ax.spines[:].set_visible(False)
ax.set_title(f"The audit finds the leak, in the step {finding.step!r}")
