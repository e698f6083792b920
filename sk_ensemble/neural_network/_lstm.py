"""The LSTM classifier of windows."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar

from torch import nn

from sk_ensemble.neural_network._base import NetworkClassifier
from sk_ensemble.neural_network._lstm_module import LSTMModule
from sk_ensemble.utils.sklearn_api import Interval

__all__ = ["LSTMClassifier"]


class LSTMClassifier(NetworkClassifier):
    """Classify windows by a recurrent network with long short-term memory.

    Stacked LSTM layers [1]_ read the window bar by bar; a linear map turns the last
    hidden state into one logit per class. It stands behind a `Windower`; a table is
    taken as windows of one bar.

    Parameters
    ----------
    hidden_size : int, default=64
        Units per layer.
    num_layers : int, default=2
        Layers.
    dropout : float, default=0.0
        Share of units dropped after each layer in training, the last one included.
    max_epochs : int, default=50
        Passes over the training samples, at most.
    batch_size : int, default=256
        Samples per step, at most. The batches of an epoch are of equal size, give or
        take one sample.
    learning_rate : float, default=0.001
        Step size of the optimizer, the highest one under a schedule.
    weight_decay : float, default=0.01
        Weight decay of the optimizer: decoupled with "adamw", an L2 penalty with
        "adam".
    optimizer : {"adamw", "adam"}, default="adamw"
        The optimizer.
    gradient_clip : float or None, default=1.0
        Largest norm of the gradient of a step, over all parameters. None: no limit.
    lr_schedule : {"onecycle", "plateau", "cosine"} or None, default=None
        How the learning rate changes over `max_epochs`: "onecycle" rises to
        `learning_rate` over three tenths of the steps and falls to zero; "cosine"
        falls to zero; "plateau" halves it when the validation loss (without one, the
        training loss) has not fallen for ``n_iter_no_change // 2`` epochs. None: it
        does not change.
    standardize : bool, default=True
        Whether to subtract the mean of every feature and divide by its standard
        deviation, both over the bars of the training windows, weighted as these are.
    early_stopping : {"auto"} or bool, default="auto"
        Whether to stop by the loss of a validation set, and keep the weights of the
        epoch in which it was lowest. "auto": if the samples carry `label_end`, or a
        validation set is given.
    validation_fraction : float, default=0.1
        Without a given validation set, the last fraction of the unique time stamps
        (of plain rows: of the rows, unpurged) that is kept for validation. Training
        rows whose label reaches into it are dropped.
    n_iter_no_change : int, default=10
        Epochs without a lower validation loss after which training stops.
    refit_tail : bool, default=False
        Whether to train again, on validation samples too, for `n_iter_` epochs.
    time_limit : float or None, default=None
        Seconds that one fit may take, both trainings of `refit_tail` together; looked
        at after each epoch, one of which is trained in any case. When they are over,
        training stops and keeps what early stopping would keep; a training on all
        samples that they cut short is dropped for the one before it. None: no limit.
    class_weight : dict, "balanced" or None, default=None
        Factors on the weights of the classes, as in scikit-learn.
    random_state : int, RandomState instance or None, default=None
        Seed of initial weights, shuffling and dropout. The global generators of torch
        and NumPy are neither used nor changed.
    n_jobs : int or None, default=None
        Threads of torch; it has as many as before afterwards. None means one, -1 all
        cores.
    device : str, default="auto"
        Where to compute, by torch's names; "auto" is CUDA when there is a device.
    amp : bool, default=False
        Whether to compute in bfloat16 where torch deems it safe.
    mc_samples : int, default=0
        Predict the mean over this many networks with units dropped as in training
        (Monte Carlo dropout [2]_), the same networks for every sample; each costs a
        pass of its own. 0: predict once, with all units. Without `dropout` there is
        nothing to average.
    verbose : int, default=0
        Above 0, show a progress bar with the time left.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, where the input has names.
    history_ : dict of str to list of float
        ``"train_loss"`` of every epoch, and ``"val_loss"`` where there is a
        validation set: weighted mean cross-entropies.
    hit_time_limit_ : bool
        Whether `time_limit` ended training before it would have ended by itself.
    mean_ : ndarray of shape (n_features_in_,)
        Mean of every feature, if `standardize`.
    module_ : LSTMModule
        The trained torch module; its input is standardised before.
    n_features_in_ : int
        Features per bar.
    n_iter_ : int
        Epochs that the kept weights were trained for.
    net_ : skorch.NeuralNet
        The net that trained the module, trimmed for prediction.
    scale_ : ndarray of shape (n_features_in_,)
        Standard deviation of every feature, 1 for a constant one, if `standardize`.
    window_length_ : int
        Bars per window.

    See Also
    --------
    LSTMModule : The same network as a torch module.
    sk_ensemble.preprocessing.Windower : Cut the windows.

    Notes
    -----
    A prediction for sample t uses the bars t-lag-window_length+1 ... t-lag of its own
    symbol, as its `Windower` says, and no others. Missing values are refused.

    All bars are brought to the device once, and every batch is gathered there by one
    index operation. The type of the network follows the input: float64 features make a
    float64 network. Predictions are made in blocks of a fixed number of rows, so a
    row's prediction is the same, bit for bit, whatever others are asked for with it.
    With one seed, equal samples give equal bits in any row order on a CPU; on CUDA
    torch does not promise it.

    With 6 features and the default shape the module, given one output, has the 51,777
    parameters of the LSTM in the benchmarks of qlib.

    References
    ----------
    .. [1] S. Hochreiter and J. Schmidhuber, "Long Short-Term Memory", Neural
       Computation 9(8), 1997, pages 1735-1780.
    .. [2] Y. Gal and Z. Ghahramani, "Dropout as a Bayesian Approximation: Representing
       Model Uncertainty in Deep Learning", ICML 2016.

    Examples
    --------
    Was the first bar of the window above or below zero? Nothing else matters.

    >>> import numpy as np
    >>> from sk_ensemble import LSTMClassifier
    >>> X = np.random.default_rng(0).normal(size=(300, 4, 1))
    >>> y = np.where(X[:, 0, 0] > 0, "above", "below")
    >>> model = LSTMClassifier(hidden_size=8, learning_rate=0.03, random_state=0)
    >>> model.fit(X[:200], y[:200]).n_iter_
    50
    >>> model.score(X[200:], y[200:]) > 0.9
    True
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **NetworkClassifier._parameter_constraints,
        "hidden_size": [Interval(Integral, 1, None, closed="left")],
        "num_layers": [Interval(Integral, 1, None, closed="left")],
        "dropout": [Interval(Real, 0, 1, closed="left")],
    }

    def __init__(
        self,
        *,
        hidden_size: int = 64,
        num_layers: int = 2,
        dropout: float = 0.0,
        max_epochs: int = 50,
        batch_size: int = 256,
        learning_rate: float = 0.001,
        weight_decay: float = 0.01,
        optimizer: str = "adamw",
        gradient_clip: float | None = 1.0,
        lr_schedule: str | None = None,
        standardize: bool = True,
        early_stopping: str | bool = "auto",
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        refit_tail: bool = False,
        time_limit: float | None = None,
        class_weight: Any = None,
        random_state: Any = None,
        n_jobs: int | None = None,
        device: str = "auto",
        amp: bool = False,
        mc_samples: int = 0,
        verbose: int = 0,
    ) -> None:
        super().__init__(
            max_epochs=max_epochs,
            batch_size=batch_size,
            learning_rate=learning_rate,
            weight_decay=weight_decay,
            optimizer=optimizer,
            gradient_clip=gradient_clip,
            lr_schedule=lr_schedule,
            standardize=standardize,
            early_stopping=early_stopping,
            validation_fraction=validation_fraction,
            n_iter_no_change=n_iter_no_change,
            refit_tail=refit_tail,
            time_limit=time_limit,
            class_weight=class_weight,
            random_state=random_state,
            n_jobs=n_jobs,
            device=device,
            amp=amp,
            mc_samples=mc_samples,
            verbose=verbose,
        )
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.dropout = dropout

    def _make_module(
        self, n_features: int, n_outputs: int, window_length: int
    ) -> nn.Module:
        return LSTMModule(
            n_features,
            n_outputs,
            hidden_size=self.hidden_size,
            num_layers=self.num_layers,
            dropout=self.dropout,
        )
