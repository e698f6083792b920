"""Every default of an experiment that is a number or a name, in one place."""

from __future__ import annotations

__all__ = [
    "BASE_DIR",
    "EMBARGO_SIZE",
    "HORIZONS",
    "LAG_OF_BARS",
    "LAG_OF_FILES",
    "MAX_VALUES",
    "MODELS",
    "PURGED_SIZE",
    "RANDOM_SEED",
    "START",
    "SYMBOLS",
    "TRAIN_END",
    "VAL_END",
    "WINDOW_LENGTH",
]

#: Bars from a bar to the end of its label.
HORIZONS = (5, 20)
#: Bars, for models made for windows; others see one bar.
WINDOW_LENGTH = 60
#: Bars purged around each test block.
PURGED_SIZE = 60
#: Time stamps left out after each test block.
EMBARGO_SIZE = 1440
RANDOM_SEED = 42

#: The baselines first, then the families they are there for.
MODELS = ("prior", "clock", "volatility", "logistic", "xgboost", "lightgbm", "lstm")

#: An index future and a metal of the shipped bars.
SYMBOLS = ("IF", "AG")
START = "2018-07-01"
TRAIN_END = "2020-06-30"
VAL_END = "2020-12-31"

#: The features of the shipped bars are known at the end of the bar itself.
LAG_OF_BARS = 0
#: The rule of `TimeSeriesDataset`: the window ends with the bar before.
LAG_OF_FILES = 1
#: Values per file; see `DatasetConfig`.
MAX_VALUES = 1_000_000_000

BASE_DIR = "experiments"
