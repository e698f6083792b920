"""Models saved by earlier versions stay loadable and predict what they did."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from sk_ensemble.persistence import load_model, verify_model

CORPUS = Path(__file__).parent / "corpus"
SAVED = {
    f"{path.parent.parent.name}/{path.parent.name}": path.parent
    for path in sorted(CORPUS.glob("*/*/MANIFEST.json"))
}


def load_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_corpus", CORPUS / "make.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SAMPLES = load_script().samples()[0][::10]


def predictions_of(path: Path) -> np.ndarray:
    found = json.loads((path.parent / "predictions.json").read_text())
    return np.array(found[path.name])


def test_the_corpus_is_there():
    assert len(SAVED) >= 15
    assert {"v1/xgboost", "v1/lstm", "v1/random_forest"} <= set(SAVED)


@pytest.mark.parametrize("path", SAVED.values(), ids=SAVED)
@pytest.mark.filterwarnings("ignore:The model was saved with:UserWarning")
def test_a_model_of_an_earlier_version_predicts_what_it_did(path):
    assert verify_model(path)["metadata"] == {"horizon": 2}
    # Libraries of other versions may round otherwise.
    np.testing.assert_allclose(
        load_model(path).predict_proba(SAMPLES), predictions_of(path), rtol=1e-5
    )
