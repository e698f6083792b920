"""Gradient-boosted trees over all bars of a window."""

from __future__ import annotations

from sk_ensemble.boosting._base import BoosterClassifier
from sk_ensemble.boosting._catboost import CatBoostClassifier
from sk_ensemble.boosting._lightgbm import LightGBMClassifier
from sk_ensemble.boosting._xgboost import XGBoostClassifier

__all__ = [
    "BoosterClassifier",
    "CatBoostClassifier",
    "LightGBMClassifier",
    "XGBoostClassifier",
]
