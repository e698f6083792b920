"""Neural networks of windows, in torch, trained through skorch."""

from __future__ import annotations

from sk_ensemble.utils.optional import import_optional

# Asked for first, so that a missing package is named with the extra that brings it.
import_optional("torch", extra="neural")
import_optional("skorch", extra="neural")

from sk_ensemble.neural_network._alstm import ALSTMClassifier  # noqa: E402
from sk_ensemble.neural_network._alstm_module import ALSTMModule  # noqa: E402
from sk_ensemble.neural_network._base import NetworkClassifier  # noqa: E402
from sk_ensemble.neural_network._device_windows import DeviceWindows  # noqa: E402
from sk_ensemble.neural_network._fit_folds import fit_folds  # noqa: E402
from sk_ensemble.neural_network._gru import GRUClassifier  # noqa: E402
from sk_ensemble.neural_network._gru_module import GRUModule  # noqa: E402
from sk_ensemble.neural_network._inception_network_module import InceptionNetworkModule  # noqa: E402
from sk_ensemble.neural_network._inception_time import InceptionTimeClassifier  # noqa: E402
from sk_ensemble.neural_network._inception_time_module import InceptionTimeModule  # noqa: E402
from sk_ensemble.neural_network._lstm import LSTMClassifier  # noqa: E402
from sk_ensemble.neural_network._lstm_fcn import LSTMFCNClassifier  # noqa: E402
from sk_ensemble.neural_network._lstm_fcn_module import LSTMFCNModule  # noqa: E402
from sk_ensemble.neural_network._lstm_module import LSTMModule  # noqa: E402
from sk_ensemble.neural_network._mlp import MLPNetClassifier  # noqa: E402
from sk_ensemble.neural_network._mlp_module import MLPModule  # noqa: E402
from sk_ensemble.neural_network._network import network  # noqa: E402
from sk_ensemble.neural_network._nhits import NHITSClassifier  # noqa: E402
from sk_ensemble.neural_network._nhits_module import NHITSModule  # noqa: E402
from sk_ensemble.neural_network._patch_tst import PatchTSTClassifier  # noqa: E402
from sk_ensemble.neural_network._patch_tst_module import PatchTSTModule  # noqa: E402
from sk_ensemble.neural_network._tcn import TCNClassifier  # noqa: E402
from sk_ensemble.neural_network._tcn_module import TCNModule  # noqa: E402
from sk_ensemble.neural_network._tft import TFTClassifier  # noqa: E402
from sk_ensemble.neural_network._tft_module import TFTModule  # noqa: E402
from sk_ensemble.neural_network._torch_state import pick_device  # noqa: E402
from sk_ensemble.neural_network._training_parameters import (  # noqa: E402
    TrainingParameters,
)
from sk_ensemble.neural_network._transformer import TransformerClassifier  # noqa: E402
from sk_ensemble.neural_network._transformer_module import TransformerModule  # noqa: E402

__all__ = [
    "ALSTMClassifier",
    "ALSTMModule",
    "DeviceWindows",
    "GRUClassifier",
    "GRUModule",
    "InceptionNetworkModule",
    "InceptionTimeClassifier",
    "InceptionTimeModule",
    "LSTMClassifier",
    "LSTMFCNClassifier",
    "LSTMFCNModule",
    "LSTMModule",
    "MLPModule",
    "MLPNetClassifier",
    "NHITSClassifier",
    "NHITSModule",
    "NetworkClassifier",
    "PatchTSTClassifier",
    "PatchTSTModule",
    "TCNClassifier",
    "TCNModule",
    "TFTClassifier",
    "TFTModule",
    "TrainingParameters",
    "TransformerClassifier",
    "TransformerModule",
    "fit_folds",
    "network",
    "pick_device",
]
