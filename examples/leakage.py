"""How good does one and the same model look under three ways of testing it?

A random forest with scikit-learn's own settings predicts the next 20 bars of an index
future. Shuffled folds put bars whose labels overlap on both sides of the split;
contiguous, purged folds do not; the bars after the development period are what really
came next. Only the second agrees with the third.

    python examples/leakage.py                  # print the table
    python examples/leakage.py --write README.md    # and put it into a file
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import accuracy_score
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.pipeline import Pipeline

from sk_ensemble import Panel, PurgedSplit, Windower
from sk_ensemble.backtest import backtest, positions_from_proba
from sk_ensemble.datasets import contract_specs, load_bars
from sk_ensemble.labeling import fixed_horizon_labels
from sk_ensemble.metrics import direction_auc, log_loss
from sk_ensemble.preprocessing import bar_features

HORIZON = 20
SYMBOL = "IF"
START, DEVELOPMENT_END = "2018-01-01", "2020-06-30"
LABELS = (-1, 0, 1)
BEGIN, END = "<!-- leakage table: begin -->", "<!-- leakage table: end -->"


def score(X: Panel, y: np.ndarray, proba: np.ndarray, bars: pd.DataFrame) -> dict:
    """Score predictions, and trade on them after costs."""
    table = pd.DataFrame(proba, index=X.index, columns=list(LABELS))
    first, last = X.times.min(), X.times.max()
    times = bars["datetime"].dt.tz_localize(None)
    traded = bars[(times >= first) & (times <= last)]
    positions = positions_from_proba(table, HORIZON, bars=traded)
    result = backtest(positions, traded, costs=contract_specs())
    guess = np.array(LABELS)[proba.argmax(axis=1)]
    return {
        "log loss": f"{log_loss(y, proba, labels=LABELS):.3f}",
        "accuracy": f"{accuracy_score(y, guess):.1%}",
        "direction AUC": f"{direction_auc(y, proba, labels=LABELS):.3f}",
        "Sharpe after costs": f"{result.sharpe:.1f}",
    }


def measure() -> pd.DataFrame:
    """Return one row per way of testing."""
    bars = load_bars(symbols=[SYMBOL], start=START)
    panel = Panel.from_frame(bar_features(bars))
    X, y = panel.align(fixed_horizon_labels(bars, HORIZON))
    stop = np.datetime64(DEVELOPMENT_END) + np.timedelta64(1, "D")
    known, later = X.label_end < stop, X.times >= stop
    X_dev, y_dev = X[known], y[known]
    forest = RandomForestClassifier(100, random_state=0, n_jobs=-1)
    model = Pipeline([("window", Windower(1, flatten=True)), ("clf", forest)])
    ways = {
        "shuffled folds": KFold(5, shuffle=True, random_state=0),
        "purged folds": PurgedSplit(5, embargo_size=240),
    }
    rows = {}
    for name, cv in ways.items():
        proba = cross_val_predict(model, X_dev, y_dev, cv=cv, method="predict_proba")
        rows[name] = score(X_dev, y_dev, proba, bars)
    proba = model.fit(X_dev, y_dev).predict_proba(X[later])
    rows["what came next"] = score(X[later], y[later], proba, bars)
    return pd.DataFrame(rows).T


def markdown(table: pd.DataFrame) -> str:
    """Format the table."""
    lines = ["| tested with | " + " | ".join(table.columns) + " |"]
    lines.append("| --- |" + " ---: |" * len(table.columns))
    lines += [
        f"| {row.Index} | " + " | ".join(row[1:]) + " |" for row in table.itertuples()
    ]
    return "\n".join(lines)


def replace_table(path: Path, text: str) -> None:
    """Put the table between its two marks."""
    head, _, rest = path.read_text().partition(BEGIN)
    _, found, tail = rest.partition(END)
    if not found:
        raise SystemExit(f"{path} lacks the marks {BEGIN} and {END}")
    path.write_text(f"{head}{BEGIN}\n{text}\n{END}{tail}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--write", type=Path, help="file to put the table into")
    options = parser.parse_args()
    text = markdown(measure())
    print(text)
    if options.write is not None:
        replace_table(options.write, text)


if __name__ == "__main__":
    main()
