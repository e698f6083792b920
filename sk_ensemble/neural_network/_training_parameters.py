"""The parameters that say how a network is trained, the same for all networks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["TrainingParameters"]


@dataclass(kw_only=True, eq=False, repr=False)
class TrainingParameters:
    """Say how a network is trained.

    Every network has these parameters beside its own, and shows their descriptions in
    its documentation.

    Parameters
    ----------
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
        Limit of the gradient of a step. None: no limit.
    gradient_clip_by : {"norm", "value"}, default="norm"
        What is limited: "norm" scales the gradient down so that its norm over all
        parameters is no larger; "value" cuts each of its entries off.
    label_smoothing : float, default=0.0
        Share of the target that is spread evenly over all classes in training, in
        [0, 1) (Szegedy et al., CVPR 2016, section 7). The validation loss stays the
        plain one.
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
    warm_start : bool, default=False
        Whether `fit` goes on from the weights and the standardisation of the fit before
        it, for up to `max_epochs` more epochs with a new optimizer and schedule, on
        samples of the same features and classes.
    checkpoint_dir : str, path-like or None, default=None
        Directory in which each epoch of a fit is written down, so that the same fit,
        once it was interrupted, goes on from there and ends with the same bits. The
        name of the file follows from the samples, parameters and seed: other fits have
        other files there, and leave this one alone. A finished fit removes its own.
        None: nothing is written.
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
    compile : bool, default=False
        Whether to train with what `torch.compile` makes of the module. It takes a
        compiler of C++, and half a minute or so per size of batch in the first epoch.
        On a CPU a temporal fusion transformer gained a fifth and most networks lost;
        it is there for GPUs. Recurrent layers stay as they are, validation and
        prediction are not compiled, and the bits differ from those without it.
    mc_samples : int, default=0
        Predict the mean over this many networks with units dropped as in training
        (Monte Carlo dropout, Gal and Ghahramani, ICML 2016), the same networks for
        every sample; each costs a pass of its own. 0: predict once, with all units.
        Where no units are dropped in training there is nothing to average.
    verbose : int, default=0
        Above 0, show a progress bar with the time left.

    Examples
    --------
    >>> from sk_ensemble import LSTMClassifier
    >>> from sk_ensemble.neural_network import TrainingParameters
    >>> issubclass(LSTMClassifier, TrainingParameters)
    True
    """

    max_epochs: int = 50
    batch_size: int = 256
    learning_rate: float = 0.001
    weight_decay: float = 0.01
    optimizer: str = "adamw"
    gradient_clip: float | None = 1.0
    gradient_clip_by: str = "norm"
    label_smoothing: float = 0.0
    lr_schedule: str | None = None
    standardize: bool = True
    early_stopping: str | bool = "auto"
    validation_fraction: float = 0.1
    n_iter_no_change: int = 10
    refit_tail: bool = False
    time_limit: float | None = None
    warm_start: bool = False
    checkpoint_dir: Any = None
    class_weight: Any = None
    random_state: Any = None
    n_jobs: int | None = None
    device: str = "auto"
    amp: bool = False
    compile: bool = False
    mc_samples: int = 0
    verbose: int = 0
