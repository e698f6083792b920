"""Compare, stack and ship classifiers of market bars, without leakage.

The names below are loaded when they are first used, so ``import sk_ensemble``
needs none of the optional packages and takes no noticeable time.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sk_ensemble.baseline import ClockBaseline, PriorBaseline, VolatilityBaseline
    from sk_ensemble.boosting import (
        CatBoostClassifier,
        LightGBMClassifier,
        XGBoostClassifier,
    )
    from sk_ensemble.callbacks import MLflowCallback
    from sk_ensemble.ensemble import (
        GreedyEnsembleClassifier,
        PurgedStackingClassifier,
        WeightedVoteClassifier,
    )
    from sk_ensemble.inspection import audit_leakage
    from sk_ensemble.model_selection import (
        CombinatorialPurgedSplit,
        PurgedSplit,
        WalkForwardSplit,
        cross_val_paths,
    )
    from sk_ensemble.neural_network import (
        ALSTMClassifier,
        GRUClassifier,
        InceptionTimeClassifier,
        LSTMClassifier,
        LSTMFCNClassifier,
        MLPNetClassifier,
        NHITSClassifier,
        PatchTSTClassifier,
        TCNClassifier,
        TFTClassifier,
        TransformerClassifier,
    )
    from sk_ensemble.panel import Panel, Windows
    from sk_ensemble.persistence import load_model, save_model
    from sk_ensemble.preprocessing import RowTransformer, Windower
    from sk_ensemble.registry import create, list_models, register
    from sk_ensemble.search import OptunaSearchCV
    from sk_ensemble.time_series import MiniRocketClassifier

__version__ = "0.1.0"

__all__ = [
    "ALSTMClassifier",
    "CatBoostClassifier",
    "ClockBaseline",
    "CombinatorialPurgedSplit",
    "GRUClassifier",
    "GreedyEnsembleClassifier",
    "InceptionTimeClassifier",
    "LSTMClassifier",
    "LSTMFCNClassifier",
    "LightGBMClassifier",
    "MLPNetClassifier",
    "MLflowCallback",
    "MiniRocketClassifier",
    "NHITSClassifier",
    "OptunaSearchCV",
    "Panel",
    "PatchTSTClassifier",
    "PriorBaseline",
    "PurgedSplit",
    "PurgedStackingClassifier",
    "RowTransformer",
    "TCNClassifier",
    "TFTClassifier",
    "TransformerClassifier",
    "VolatilityBaseline",
    "WalkForwardSplit",
    "WeightedVoteClassifier",
    "Windower",
    "Windows",
    "XGBoostClassifier",
    "__version__",
    "audit_leakage",
    "create",
    "cross_val_paths",
    "list_models",
    "load_model",
    "register",
    "save_model",
]

_HOMES = {
    "ALSTMClassifier": "sk_ensemble.neural_network",
    "CatBoostClassifier": "sk_ensemble.boosting",
    "ClockBaseline": "sk_ensemble.baseline",
    "CombinatorialPurgedSplit": "sk_ensemble.model_selection",
    "GRUClassifier": "sk_ensemble.neural_network",
    "GreedyEnsembleClassifier": "sk_ensemble.ensemble",
    "InceptionTimeClassifier": "sk_ensemble.neural_network",
    "LSTMClassifier": "sk_ensemble.neural_network",
    "LSTMFCNClassifier": "sk_ensemble.neural_network",
    "LightGBMClassifier": "sk_ensemble.boosting",
    "MLPNetClassifier": "sk_ensemble.neural_network",
    "MLflowCallback": "sk_ensemble.callbacks",
    "MiniRocketClassifier": "sk_ensemble.time_series",
    "NHITSClassifier": "sk_ensemble.neural_network",
    "OptunaSearchCV": "sk_ensemble.search",
    "Panel": "sk_ensemble.panel",
    "PatchTSTClassifier": "sk_ensemble.neural_network",
    "PriorBaseline": "sk_ensemble.baseline",
    "PurgedSplit": "sk_ensemble.model_selection",
    "PurgedStackingClassifier": "sk_ensemble.ensemble",
    "RowTransformer": "sk_ensemble.preprocessing",
    "TCNClassifier": "sk_ensemble.neural_network",
    "TFTClassifier": "sk_ensemble.neural_network",
    "TransformerClassifier": "sk_ensemble.neural_network",
    "VolatilityBaseline": "sk_ensemble.baseline",
    "WalkForwardSplit": "sk_ensemble.model_selection",
    "WeightedVoteClassifier": "sk_ensemble.ensemble",
    "Windower": "sk_ensemble.preprocessing",
    "Windows": "sk_ensemble.panel",
    "XGBoostClassifier": "sk_ensemble.boosting",
    "audit_leakage": "sk_ensemble.inspection",
    "create": "sk_ensemble.registry",
    "cross_val_paths": "sk_ensemble.model_selection",
    "list_models": "sk_ensemble.registry",
    "load_model": "sk_ensemble.persistence",
    "register": "sk_ensemble.registry",
    "save_model": "sk_ensemble.persistence",
}


def __getattr__(name: str) -> Any:
    """Load a public name, or a subpackage, when it is first asked for."""
    if name in _HOMES:
        value = getattr(importlib.import_module(_HOMES[name]), name)
        globals()[name] = value
        return value
    if not name.startswith("_") and importlib.util.find_spec(f"{__name__}.{name}"):
        return importlib.import_module(f"{__name__}.{name}")
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    """List the public names and subpackages, loaded or not, and nothing else."""
    packages = {part.name for part in pkgutil.iter_modules(__path__)}
    own = {name for name in globals() if name.startswith("__")}
    return sorted(own | set(__all__) | {p for p in packages if p[0] != "_"})
