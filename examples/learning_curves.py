"""How do two networks learn, and when should they have stopped?

An LSTM reads the candles of the last 30 bars one by one; a multi-layer perceptron sees
them all at once. The bars are synthetic, so the loss of the best possible prediction
is known. Early stopping keeps the epoch with the lowest loss on the last tenth of
time; here it is given so much patience that one can see what comes after.

    python examples/learning_curves.py                     # print a table
    python examples/learning_curves.py --output curves.png # and draw the curves
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.metrics import log_loss

from sk_ensemble import LSTMClassifier, MLPNetClassifier, Panel, Windower
from sk_ensemble.datasets import make_bars
from sk_ensemble.preprocessing import bar_features

FEATURES = ["close_location", "return_1", "range_1"]
TRAINING = {"learning_rate": 0.003, "n_iter_no_change": 20, "random_state": 0}
NETWORKS = {
    "LSTM": LSTMClassifier(hidden_size=16, num_layers=1, **TRAINING),
    "MLP": MLPNetClassifier(hidden_sizes=[64, 64], **TRAINING),
}
COLOURS = {"LSTM": "#0072b2", "MLP": "#d55e00"}


def train(max_epochs: int) -> tuple[dict[str, Any], dict[str, float]]:
    """Return the trained networks, and the losses to compare theirs with."""
    data = make_bars(4000, 1, signal=0.6, random_state=0)
    panel = Panel.from_frame(bar_features(data.bars), features=FEATURES)
    X, y = panel.align(data.labels, min_history=30)
    windows = Windower(30).transform(X)
    shares = np.unique(y, return_counts=True)[1] / len(y)
    references = {
        "shares of the classes": log_loss(y, np.tile(shares, (len(y), 1))),
        "best possible": data.bayes_log_loss,
    }
    models = {
        name: network.set_params(max_epochs=max_epochs).fit(windows, y)
        for name, network in NETWORKS.items()
    }
    return models, references


def summary(models: dict[str, Any]) -> pd.DataFrame:
    """Return what the curves say in numbers."""
    histories = [model.history_ for model in models.values()]
    columns = {
        "epochs trained": [len(losses["val_loss"]) for losses in histories],
        "epoch kept": [model.n_iter_ for model in models.values()],
        "validation loss kept": [min(losses["val_loss"]) for losses in histories],
        "validation loss last": [losses["val_loss"][-1] for losses in histories],
        "training loss last": [losses["train_loss"][-1] for losses in histories],
    }
    return pd.DataFrame(columns, index=list(models)).round(3)


def draw_curves(ax: Axes, name: str, model: Any) -> None:
    """Draw both losses of a network, and mark the epoch that was kept."""
    colour = COLOURS[name]
    epochs = np.arange(1, len(model.history_["val_loss"]) + 1)
    ax.plot(epochs, model.history_["train_loss"], "--", color=colour, alpha=0.7)
    ax.plot(epochs, model.history_["val_loss"], color=colour, label=name)
    kept = model.n_iter_
    ax.plot(kept, model.history_["val_loss"][kept - 1], "o", color=colour, ms=8)


def draw(models: dict[str, Any], references: dict[str, float]) -> Figure:
    """Return the learning curves, with what they can be compared with."""
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    ax = figure.subplots()
    for name, model in models.items():
        draw_curves(ax, name, model)
    ax.plot([], [], color="grey", label="on the last tenth of time")
    ax.plot([], [], "--", color="grey", label="on training samples")
    ax.plot([], [], "o", color="grey", ms=8, label="epoch that was kept")
    for label, loss in references.items():
        ax.axhline(loss, color="black", linewidth=0.8, linestyle=":")
        ax.annotate(
            label,
            (1, loss),
            xycoords=("axes fraction", "data"),
            xytext=(-4, 3),
            textcoords="offset points",
            ha="right",
            fontsize=9,
        )
    ax.set(xlabel="Epoch", ylabel="Log loss")
    ax.set_title("Networks that train on after their best epoch", loc="left")
    ax.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside right upper", frameon=False)
    return figure


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--epochs", type=int, default=40, help="most epochs to train")
    parser.add_argument("--output", type=Path, help="PNG file to draw into")
    options = parser.parse_args(arguments)
    models, references = train(options.epochs)
    print(summary(models).to_string())
    if options.output is not None:
        draw(models, references).savefig(options.output, format="png", dpi=150)
        print(f"Drawn into {options.output}")


if __name__ == "__main__":
    main()
