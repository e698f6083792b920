"""The product's own models, as text: nothing here imports a model."""

from __future__ import annotations

from sk_ensemble.registry._entry import Entry
from sk_ensemble.registry._info import ModelInfo

__all__ = ["builtin_entries"]

_XGBOOST = ModelInfo(
    name="xgboost",
    family="boosting",
    description="Gradient-boosted trees of XGBoost, over all bars of the window",
    allows_nan=True,
)
_LIGHTGBM = ModelInfo(
    name="lightgbm",
    family="boosting",
    description="Gradient-boosted trees of LightGBM, over all bars of the window",
    allows_nan=True,
)
_CATBOOST = ModelInfo(
    name="catboost",
    family="boosting",
    description="Gradient-boosted symmetric trees of CatBoost, over the whole window",
    allows_nan=True,
)
_LSTM = ModelInfo(
    name="lstm",
    family="neural",
    description="Recurrent network with long short-term memory",
    needs_windows=True,
)
_GRU = ModelInfo(
    name="gru",
    family="neural",
    description="Recurrent network of gated units",
    needs_windows=True,
)
_TCN = ModelInfo(
    name="tcn",
    family="neural",
    description="Temporal convolutional network",
    needs_windows=True,
)
_MLP = ModelInfo(
    name="mlp",
    family="neural",
    description="Multi-layer perceptron on all bars of the window",
)
_ALSTM = ModelInfo(
    name="alstm",
    family="neural",
    description="Recurrent network with attention over time",
    needs_windows=True,
)
_LSTM_FCN = ModelInfo(
    name="lstm_fcn",
    family="neural",
    description="Convolutions over the bars beside an LSTM across the features",
    needs_windows=True,
)
_INCEPTION_TIME = ModelInfo(
    name="inception_time",
    family="neural",
    description="Ensemble of convolutional networks with filters of three lengths",
    needs_windows=True,
)
_TRANSFORMER = ModelInfo(
    name="transformer",
    family="neural",
    description="Encoder of a transformer, with attention between bars",
    needs_windows=True,
)
_NHITS = ModelInfo(
    name="nhits",
    family="timeseries",
    description="N-HiTS: hierarchical interpolation of latent forecasts",
    needs_windows=True,
)
_PATCH_TST = ModelInfo(
    name="patch_tst",
    family="timeseries",
    description="PatchTST: attention between patches, each feature on its own",
    needs_windows=True,
)
_TFT = ModelInfo(
    name="tft",
    family="timeseries",
    description="Temporal fusion transformer, which knows symbol and calendar",
    needs_windows=True,
)
_MINIROCKET = ModelInfo(
    name="minirocket",
    family="timeseries",
    description="MiniRocket: a linear model on thousands of fixed convolutions",
    needs_windows=True,
)
_LOGISTIC = ModelInfo(
    name="logistic",
    family="sklearn",
    description="Logistic regression on the scaled, flattened window",
)
_RANDOM_FOREST = ModelInfo(
    name="random_forest",
    family="sklearn",
    description="Random forest on the flattened window",
    allows_nan=True,
)
_HIST_GRADIENT_BOOSTING = ModelInfo(
    name="hist_gradient_boosting",
    family="sklearn",
    description="scikit-learn's histogram boosting on the flattened window",
    allows_nan=True,
)
_PRIOR = ModelInfo(
    name="prior",
    family="baseline",
    description="Class shares of the training samples, whatever the features",
    allows_nan=True,
)
_CLOCK = ModelInfo(
    name="clock",
    family="baseline",
    description="Class shares per symbol and time of day",
    allows_nan=True,
)
_VOLATILITY = ModelInfo(
    name="volatility",
    family="baseline",
    description="Chance of a move from recent volatility, the same up and down",
)
_STACKING = ModelInfo(
    name="stacking",
    family="ensemble",
    description="A classifier trained on what registered models predict out of fold",
)
_GREEDY = ModelInfo(
    name="greedy",
    family="ensemble",
    description="Registered models averaged, chosen one by one by the loss of the mean",
)


def builtin_entries() -> list[Entry]:
    """Return fresh entries of all built-in models."""
    return [
        Entry(_XGBOOST, "sk_ensemble.boosting:XGBoostClassifier"),
        Entry(_LIGHTGBM, "sk_ensemble.boosting:LightGBMClassifier"),
        Entry(_CATBOOST, "sk_ensemble.boosting:CatBoostClassifier"),
        Entry(_LSTM, "sk_ensemble.neural_network:LSTMClassifier"),
        Entry(_GRU, "sk_ensemble.neural_network:GRUClassifier"),
        Entry(_TCN, "sk_ensemble.neural_network:TCNClassifier"),
        Entry(_MLP, "sk_ensemble.neural_network:MLPNetClassifier"),
        Entry(_ALSTM, "sk_ensemble.neural_network:ALSTMClassifier"),
        Entry(_LSTM_FCN, "sk_ensemble.neural_network:LSTMFCNClassifier"),
        Entry(_INCEPTION_TIME, "sk_ensemble.neural_network:InceptionTimeClassifier"),
        Entry(_TRANSFORMER, "sk_ensemble.neural_network:TransformerClassifier"),
        Entry(_NHITS, "sk_ensemble.neural_network:NHITSClassifier"),
        Entry(_PATCH_TST, "sk_ensemble.neural_network:PatchTSTClassifier"),
        Entry(_TFT, "sk_ensemble.neural_network:TFTClassifier"),
        Entry(_MINIROCKET, "sk_ensemble.time_series:MiniRocketClassifier"),
        Entry(_LOGISTIC, "sk_ensemble.tabular:logistic"),
        Entry(_RANDOM_FOREST, "sk_ensemble.tabular:random_forest"),
        Entry(_HIST_GRADIENT_BOOSTING, "sk_ensemble.tabular:hist_gradient_boosting"),
        Entry(_PRIOR, "sk_ensemble.baseline:PriorBaseline"),
        Entry(_CLOCK, "sk_ensemble.baseline:ClockBaseline"),
        Entry(_VOLATILITY, "sk_ensemble.baseline:VolatilityBaseline"),
        Entry(_STACKING, "sk_ensemble.ensemble:stacking"),
        Entry(_GREEDY, "sk_ensemble.ensemble:greedy"),
    ]
