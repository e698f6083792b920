"""Experiments without pictures of their runs, which take most of their time."""

from __future__ import annotations

from pathlib import Path

import pytest

from sk_ensemble.experiments import ExperimentConfig, run_experiment


def run_without_pictures(config: ExperimentConfig) -> Path:
    """Run an experiment and return its directory."""
    with pytest.MonkeyPatch.context() as patch:
        module = "sk_ensemble.experiments"
        patch.setattr(f"{module}._run_dir.cell_plots", lambda cell: {})
        patch.setattr(f"{module}._run_experiment.draw", lambda *_: b"no picture")
        return run_experiment(config).path
