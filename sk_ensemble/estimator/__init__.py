"""What all model families share: inputs, labels, weights, validation, threads."""

from __future__ import annotations

from sk_ensemble.estimator._base import WindowClassifier
from sk_ensemble.estimator._blocks import predict_in_blocks
from sk_ensemble.estimator._iterative import IterativeClassifier
from sk_ensemble.estimator._rounds import Rounds
from sk_ensemble.estimator._threads import n_threads
from sk_ensemble.estimator._training_set import (
    TrainingSet,
    check_labels,
    encode_labels,
)
from sk_ensemble.estimator._validation_tail import split_validation_tail

__all__ = [
    "IterativeClassifier",
    "Rounds",
    "TrainingSet",
    "WindowClassifier",
    "check_labels",
    "encode_labels",
    "n_threads",
    "predict_in_blocks",
    "split_validation_tail",
]
