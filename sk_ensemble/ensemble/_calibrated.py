"""Calibration by what a classifier predicts out of fold."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from sk_ensemble._typing import FloatArray
from sk_ensemble.ensemble._base import OutOfFoldEnsemble
from sk_ensemble.ensemble._calibrators import (
    IsotonicChooser,
    Temperature,
    TemperatureChooser,
)
from sk_ensemble.ensemble._cross_fit import Chooser, CrossFit
from sk_ensemble.ensemble._member_list import refuse_no_classifier
from sk_ensemble.utils.sklearn_api import HasMethods, StrOptions

__all__ = ["PurgedCalibratedClassifier"]

_NAME = "estimator"


class PurgedCalibratedClassifier(OutOfFoldEnsemble):
    """Calibrate a classifier on what it predicts out of fold, purged.

    `sklearn.calibration.CalibratedClassifierCV` fits one calibrator per fold, each on
    one stretch of time, or demands a partition of the rows. Here one calibrator is
    fitted on all rows that have out-of-fold predictions, under any splitter, and the
    classifier is refitted on all samples.

    Parameters
    ----------
    estimator : classifier
        What is calibrated.
    cv : cross-validator or list of (train, test)
        Any splitter, or row numbers. A splitter that purges should be used: a
        classifier looks too good on labels that overlap those it was trained on, and
        is then not cooled enough.
    method : {"temperature", "isotonic"}, default="temperature"
        "temperature": log probabilities are divided by one number, which changes how
        sure the classifier is but never which class it prefers. "isotonic": a rising
        step function per class, the class against all others, scaled to add up to 1;
        for tens of thousands of rows, as it learns the noise of few.
    n_jobs : int or None, default=None
        Fits at a time; None means 1.
    refit : {"full", "folds"}, default="full"
        What predicts new samples. "full": the classifier refitted on all samples.
        "folds": the mean of the models of the folds, which are kept.
    memory : str, Memory or None, default=None
        A folder, or a `joblib.Memory`, in which fits of the classifier are remembered.

    Attributes
    ----------
    temperature_ : float
        What log probabilities are divided by, above 1 for a classifier that is too
        sure of itself; only for ``method="temperature"``.
    oof_predictions_ : dict of str to ndarray of shape (n_samples, n_classes)
        Out-of-fold probabilities before calibration, under ``"estimator"``; the mean
        where several folds test a row, NaN where none does.
    oof_proba_ : ndarray of shape (n_samples, n_classes)
        Calibrated probabilities, each row's by a calibrator that was fitted without it
        and without the rows whose labels overlap its own. NaN where there is no
        prediction, or nothing to fit by before it.
    oof_score_ : float
        Minus the log loss over the rows of `oof_proba_`.
    member_scores_ : dict of str to float
        The same before calibration, under ``"estimator"``.
    estimators_ : list of classifier
        The fitted classifier; with ``refit="folds"`` the list of its models. Absent if
        made by `from_oof` without a classifier.
    named_estimators_ : Bunch
        The same under ``"estimator"``. Absent if made by `from_oof` without one.
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted; all of `y`, whether a fold has them or not.
    n_features_in_ : int
        Features per bar. Absent if made by `from_oof` without a classifier.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, where the input has names.

    Raises
    ------
    DataError
        For labels or weights that cannot be used as they are, folds that train on what
        they test, and too few rows with predictions.
    EmptyFoldError
        If the splitter leaves a fold without rows.

    See Also
    --------
    sk_ensemble.metrics.classwise_calibration_error : How far probabilities are off.
    PurgedStackingClassifier : Calibrates its members as it combines them.

    Notes
    -----
    A prediction sees the bars that the classifier sees and no others.

    Isotonic probabilities stay away from 0 and 1 by one part in the number of rows, as
    a 0 would cost an infinite log loss the first time the class occurs.

    References
    ----------
    Guo, C., Pleiss, G., Sun, Y. and Weinberger, K. Q. (2017). On calibration of modern
    neural networks. Proceedings of the 34th International Conference on Machine
    Learning.

    Zadrozny, B. and Elkan, C. (2002). Transforming classifier scores into accurate
    multiclass probability estimates. Proceedings of the 8th ACM SIGKDD Conference.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sk_ensemble import PurgedSplit
    >>> from sk_ensemble.ensemble import PurgedCalibratedClassifier
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(400, 1))
    >>> y = (x[:, 0] + 2 * rng.normal(size=400) > 0).astype(int)
    >>> X = np.repeat(x, 9, axis=1)  # Nine copies are no nine witnesses.
    >>> model = PurgedCalibratedClassifier(GaussianNB(), cv=PurgedSplit(purged_size=0))
    >>> model.fit(X, y).temperature_ > 5
    True
    >>> model.oof_score_ > model.member_scores_["estimator"]
    True
    """

    temperature_: float

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **OutOfFoldEnsemble.shared_constraints,
        "estimator": [HasMethods(["fit", "predict_proba"]), None],
        "method": [StrOptions({"temperature", "isotonic"})],
    }

    def __init__(
        self,
        estimator: Any,
        *,
        cv: Any,
        method: str = "temperature",
        n_jobs: int | None = None,
        refit: str = "full",
        memory: Any = None,
    ) -> None:
        self.estimator = estimator
        self.cv = cv
        self.method = method
        self.n_jobs = n_jobs
        self.refit = refit
        self.memory = memory

    @classmethod
    def from_oof(
        cls,
        proba: Any,
        y: Any,
        X: Any = None,
        *,
        cv: Any,
        label_end: Any = None,
        sample_weight: Any = None,
        classes: Any = None,
        estimator: Any = None,
        method: str = "temperature",
    ) -> Self:
        """Fit the calibrator to predictions that already exist.

        Parameters
        ----------
        proba : array-like of shape (n_samples, n_classes)
            Out-of-fold probabilities, columns in the order of the classes, those of a
            DataFrame by name. NaN rows are rows without a prediction.
        y : array-like of shape (n_samples,)
            What came true.
        X : Panel, Windows, DataFrame or array-like of n_samples rows, default=None
            The samples, of which `cv` needs the times and label ends alone. None: rows
            are consecutive bars of one symbol.
        cv : cross-validator or list of (train, test)
            Folds for the score.
        label_end : array-like of datetime64 of shape (n_samples,), default=None
            Time at which each label ends, where X does not carry it.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            Non-negative weights.
        classes : array-like of shape (n_classes,), default=None
            Classes of the columns. None: those in `y`, ascending.
        estimator : classifier or None, default=None
            The fitted classifier, for `predict_proba`. None: use `calibrate`.
        method : {"temperature", "isotonic"}, default="temperature"
            As in the class.

        Returns
        -------
        model : PurgedCalibratedClassifier
            The calibrator, fitted.
        """
        model = cls(estimator, cv=cv, method=method)
        model._validate_params()
        model._learn({_NAME: proba}, y, X, label_end, sample_weight, classes)
        if estimator is not None:
            model._adopt({_NAME: estimator})
            model._record_features(X)
        return model

    def calibrate(self, proba: Any) -> FloatArray:
        """Calibrate probabilities of the classifier.

        Parameters
        ----------
        proba : array-like of shape (n_rows, n_classes)
            Probabilities, columns in the order of `classes_`, those of a DataFrame by
            name.

        Returns
        -------
        proba : ndarray of float64 of shape (n_rows, n_classes)
            Calibrated probabilities, NaN in rows without a prediction.
        """
        return self._combined({_NAME: proba})

    def _members(self) -> list[tuple[str, Any]]:
        refuse_no_classifier(_NAME, self.estimator)
        return self._receivers()

    def _receivers(self) -> list[tuple[str, Any]]:
        return [(_NAME, self.estimator)]

    def _chooser(self, names: tuple[str, ...]) -> Chooser:
        if self.method == "temperature":
            return TemperatureChooser()
        return IsotonicChooser()

    def _keep(self, names: tuple[str, ...], crossed: CrossFit) -> None:
        self.__dict__.pop("temperature_", None)
        if isinstance(self._combination, Temperature):
            self.temperature_ = self._combination.temperature
