"""The names of built-in models, for editors to complete."""

from __future__ import annotations

from typing import Literal, TypeAlias

__all__ = ["ModelName"]

#: Any name is taken; the built-in short ones are what an editor offers in the quotes.
ModelName: TypeAlias = (
    Literal[
        "alstm",
        "catboost",
        "clock",
        "greedy",
        "gru",
        "hist_gradient_boosting",
        "inception_time",
        "lightgbm",
        "logistic",
        "lstm",
        "lstm_fcn",
        "minirocket",
        "mlp",
        "nhits",
        "patch_tst",
        "prior",
        "random_forest",
        "stacking",
        "tcn",
        "tft",
        "transformer",
        "volatility",
        "xgboost",
    ]
    | str
)
