"""Experiments: YAML in, a leaderboard out; folds, refits, ensembles, tracking."""

from __future__ import annotations

from sk_ensemble.experiments import config
from sk_ensemble.experiments._cell import Cell
from sk_ensemble.experiments._experiment_result import ExperimentResult
from sk_ensemble.experiments._leaderboard import terminal_tables
from sk_ensemble.experiments._prediction_output import PredictionOutput
from sk_ensemble.experiments._progress import no_progress, rich_progress
from sk_ensemble.experiments._run_experiment import run_experiment
from sk_ensemble.experiments._trainer import Trainer
from sk_ensemble.experiments.config import (
    ExperimentConfig,
    ModelConfig,
    load_experiment,
    load_model_config,
    parse_experiment,
)

__all__ = [
    "Cell",
    "ExperimentConfig",
    "ExperimentResult",
    "ModelConfig",
    "PredictionOutput",
    "Trainer",
    "config",
    "load_experiment",
    "load_model_config",
    "no_progress",
    "parse_experiment",
    "rich_progress",
    "run_experiment",
    "terminal_tables",
]
