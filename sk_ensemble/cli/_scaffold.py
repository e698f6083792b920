"""The files with which a new experiment begins."""

from __future__ import annotations

import os
from pathlib import Path

from sk_ensemble.exceptions import ConfigError
from sk_ensemble.utils.files import write_bytes

__all__ = ["write_scaffold"]

_EXPERIMENT = """\
# Every model is compared with every other on the same bars, at every horizon.
# What is not said here has a default: sk-ensemble validate --schema lists all keys.

experiment: {name: first-look}

# Bars from a bar to the end of its label; one leaderboard each.
horizons: [5]

# Names of `sk-ensemble models`, or files: what a file says is laid under what stands
# beside its name.
models: [prior, volatility, {config_path: models/xgboost.yaml}]

# Bars of an index future that are shipped with the package. The embargo is left out
# after train_end and val_end; what follows is the test period. For your own bars:
# data: {train_path: train.parquet, val_path: val.parquet, test_path: test.parquet}
data:
  symbols: [IF]
  start: "2018-01-01"
  train_end: "2020-09-30"
  val_end: "2021-02-28"

# Folds of the training period. 60 bars are purged around each, and 1440 follow it as
# an embargo, unless purged_size and embargo_size say otherwise.
cv: {n_splits: 3}
"""

_MODEL = """\
model: {name: xgboost, family: boosting}

# Parameters of XGBoostClassifier.
hyperparameters:
  n_estimators: 300
  learning_rate: 0.05
  max_depth: 4

# One vocabulary for all families.
training:
  early_stopping_rounds: 20

# Bars in a window, the newest one included.
dataset:
  sequence_length: 5
"""

_README = """\
# An experiment

`experiment.yaml` says what is compared; `models/` holds one file per model. In this
directory, check data and settings, then run:

    sk-ensemble validate experiment.yaml
    sk-ensemble run experiment.yaml

Everything found is written to `experiments/`. `sk-ensemble leaderboard` shows it again,
and after an interruption `sk-ensemble run experiment.yaml --resume` goes on.
"""

_FILES = {
    "experiment.yaml": _EXPERIMENT,
    "models/xgboost.yaml": _MODEL,
    "README.md": _README,
}


def write_scaffold(folder: Path) -> list[Path]:
    """Write a small experiment that can be run as it is.

    Parameters
    ----------
    folder : Path
        Where to; it is made where it is missing.

    Returns
    -------
    paths : list of Path
        The files.

    Raises
    ------
    ConfigError
        If one of the files is there already; names all that are. Nothing is written.
    """
    paths = [folder / name for name in _FILES]
    existing = [str(path) for path in paths if os.path.lexists(path)]
    if existing:
        msg = (
            f"Nothing was written, as there is {', '.join(existing)} already. Name "
            "another folder: sk-ensemble init FOLDER."
        )
        raise ConfigError(msg)
    for path, text in zip(paths, _FILES.values(), strict=True):
        write_bytes(path, text.encode())
    return paths
