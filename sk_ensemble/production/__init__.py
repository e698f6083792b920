"""From a run to production: versions that never change, gates before them, a way back.

:class:`ProductionRegistry` keeps the versions of each model that were ever live. A
model goes live through gates (:func:`standard_gates`): a score against the live version
on data later than the training of both, calibration, a leakage audit, and the time that
one prediction takes.

:func:`predict`, :func:`predict_file` and :class:`OnlinePredictor` predict the bars of a
frame, of a file of any size, and bar by bar, with equal bits.
"""

from __future__ import annotations

from sk_ensemble.production._calibration_gate import CalibrationGate
from sk_ensemble.production._evidence import Evidence
from sk_ensemble.production._gate_outcome import GateOutcome
from sk_ensemble.production._gates import standard_gates
from sk_ensemble.production._latency_gate import LatencyGate
from sk_ensemble.production._leakage_gate import LeakageGate
from sk_ensemble.production._model_version import ModelVersion
from sk_ensemble.production._online_features import OnlineBarFeatures
from sk_ensemble.production._online_predictor import OnlinePredictor
from sk_ensemble.production._predict import predict
from sk_ensemble.production._predict_file import predict_file
from sk_ensemble.production._production_registry import ProductionRegistry
from sk_ensemble.production._score_gate import ScoreGate
from sk_ensemble.production._serving import save_mlflow_model

__all__ = [
    "CalibrationGate",
    "Evidence",
    "GateOutcome",
    "LatencyGate",
    "LeakageGate",
    "ModelVersion",
    "OnlineBarFeatures",
    "OnlinePredictor",
    "ProductionRegistry",
    "ScoreGate",
    "predict",
    "predict_file",
    "save_mlflow_model",
    "standard_gates",
]
