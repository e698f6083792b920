"""Classifiers made for time series: MiniRocket, and those of sktime."""

from __future__ import annotations

from sk_ensemble.time_series._minirocket import MiniRocketClassifier
from sk_ensemble.time_series._sktime import SktimeClassifier

__all__ = ["MiniRocketClassifier", "SktimeClassifier"]
