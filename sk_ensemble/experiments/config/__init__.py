"""Experiments as YAML files: models that check them, and functions that read them."""

from __future__ import annotations

from sk_ensemble.utils.optional import import_optional

# Asked for first, so that a missing package is named with the extra that brings it.
import_optional("pydantic", extra="experiments")
import_optional("ruamel.yaml", extra="experiments")

from sk_ensemble.experiments.config._bars_section import BarsSection  # noqa: E402
from sk_ensemble.experiments.config._cross_validation_section import (  # noqa: E402
    CrossValidationSection,
)
from sk_ensemble.experiments.config._dataset_section import (  # noqa: E402
    DatasetSection,
)
from sk_ensemble.experiments.config._ensemble_section import (  # noqa: E402
    EnsembleSection,
)
from sk_ensemble.experiments.config._experiment_config import (  # noqa: E402
    ExperimentConfig,
)
from sk_ensemble.experiments.config._experiment_section import (  # noqa: E402
    ExperimentSection,
)
from sk_ensemble.experiments.config._files_section import FilesSection  # noqa: E402
from sk_ensemble.experiments.config._load import (  # noqa: E402
    load_experiment,
    load_model_config,
    parse_experiment,
)
from sk_ensemble.experiments.config._mlflow_section import MLflowSection  # noqa: E402
from sk_ensemble.experiments.config._model_config import ModelConfig  # noqa: E402
from sk_ensemble.experiments.config._model_section import ModelSection  # noqa: E402
from sk_ensemble.experiments.config._output_section import OutputSection  # noqa: E402
from sk_ensemble.experiments.config._reference import yaml_reference  # noqa: E402
from sk_ensemble.experiments.config._run_section import RunSection  # noqa: E402
from sk_ensemble.experiments.config._schema import json_schema  # noqa: E402
from sk_ensemble.experiments.config._section import Section  # noqa: E402
from sk_ensemble.experiments.config._training_section import (  # noqa: E402
    TrainingSection,
)

__all__ = [
    "BarsSection",
    "CrossValidationSection",
    "DatasetSection",
    "EnsembleSection",
    "ExperimentConfig",
    "ExperimentSection",
    "FilesSection",
    "MLflowSection",
    "ModelConfig",
    "ModelSection",
    "OutputSection",
    "RunSection",
    "Section",
    "TrainingSection",
    "json_schema",
    "load_experiment",
    "load_model_config",
    "parse_experiment",
    "yaml_reference",
]
