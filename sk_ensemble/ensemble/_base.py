"""The classifier that every ensemble here is: chosen by out-of-fold predictions."""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from collections.abc import Mapping
from numbers import Integral
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin
from sklearn.exceptions import NotFittedError
from sklearn.utils import Bunch, Tags, get_tags
from sklearn.utils.metadata_routing import MetadataRouter
from sklearn.utils.validation import check_is_fitted

from sk_ensemble._typing import FloatArray, IntArray
from sk_ensemble.ensemble._cross_fit import Chooser, CrossFit, cross_fit
from sk_ensemble.ensemble._features import record_features
from sk_ensemble.ensemble._folds import Fold
from sk_ensemble.ensemble._known import read_known
from sk_ensemble.ensemble._losses import Loss, score
from sk_ensemble.ensemble._member_fits import (
    Execution,
    FoldFit,
    fit_folds,
    fit_whole,
    predict_member,
)
from sk_ensemble.ensemble._meta_samples import MemberPredictions, MetaSamples
from sk_ensemble.ensemble._order import restore
from sk_ensemble.ensemble._plan import (
    FitPlan,
    checked_weights,
    indexed_samples,
    plan_fit,
)
from sk_ensemble.ensemble._proba import check_member_proba
from sk_ensemble.ensemble._routing import route_fit, router_of
from sk_ensemble.estimator import check_labels
from sk_ensemble.exceptions import DataError
from sk_ensemble.metrics import log_loss
from sk_ensemble.panel import refuse_other_index
from sk_ensemble.utils.sklearn_api import (
    CallbackSupportMixin,
    HasMethods,
    StrOptions,
    fit_context,
    fit_task,
)

__all__ = ["OutOfFoldEnsemble"]


def _called(reading: str) -> str:
    """Return the method whose predictions are read in a certain way."""
    return "predict_proba" if reading == "log_odds" else reading


def _refuse_one_class(classes: np.ndarray) -> None:
    """Raise if there is nothing to tell apart."""
    if len(classes) < 2:
        msg = (
            f"y holds one class only, {classes.tolist()}: there is nothing to combine. "
            "Give samples of two classes or more."
        )
        raise DataError(msg)


def _refuse_too_little(samples: MetaSamples, classes: np.ndarray) -> None:
    """Raise if the rows with predictions cannot choose anything."""
    present = np.unique(samples.codes[samples.usable])
    if len(present) < 2:
        msg = (
            f"Only {samples.usable.sum()} of {len(samples)} rows have out-of-fold "
            f"predictions of all members and a weight, with the classes "
            f"{classes[present].tolist()}; two classes are needed. Use folds that test "
            "more rows, or members that predict the same rows."
        )
        raise DataError(msg)


class OutOfFoldEnsemble(
    CallbackSupportMixin,
    ClassifierMixin,
    MetaEstimatorMixin,
    BaseEstimator,
    metaclass=ABCMeta,
):
    """Base of classifiers that combine members by what these predict out of fold.

    A subclass says which members there are and how a combination of them is chosen.
    """

    classes_: np.ndarray
    estimators_: list[Any]
    named_estimators_: Bunch
    n_features_in_: int
    feature_names_in_: np.ndarray
    oof_predictions_: dict[str, FloatArray]
    oof_proba_: FloatArray
    oof_score_: float
    member_scores_: dict[str, float]

    cv: Any
    n_jobs: int | None
    refit: str
    memory: Any

    shared_constraints: ClassVar[dict[str, Any]] = {
        "cv": [HasMethods(["split", "get_n_splits"]), list, tuple],
        "n_jobs": [Integral, None],
        "refit": [StrOptions({"full", "folds"})],
        "memory": [str, HasMethods(["cache"]), None],
    }

    @abstractmethod
    def _members(self) -> list[tuple[str, Any]]:
        """Return names and classifiers, checked."""

    def _receivers(self) -> list[tuple[str, Any]]:
        """Return the members to which metadata may go, unchecked."""
        return self._members()

    @abstractmethod
    def _chooser(self, names: tuple[str, ...]) -> Chooser:
        """Return how a combination is chosen, after `classes_` are known."""

    def _keep(self, names: tuple[str, ...], crossed: CrossFit) -> None:
        """Store what a subclass shows of the combination."""

    def _used(self) -> list[str]:
        """Return the members whose predictions the combination needs."""
        return list(self._names)

    def _loss(self) -> Loss:
        """Return the loss that members and ensemble are scored by."""
        return log_loss

    def _final(self) -> Any:
        """Return the final estimator, None where there is none."""
        return None

    def _extra(self, X: Any) -> FloatArray | None:
        """Return the features that are passed to the final estimator."""
        return None

    def _reading(self, name: str, estimator: Any) -> str:
        """Return how a member's predictions are read."""
        if not hasattr(estimator, "predict_proba"):
            msg = (
                f"Member {name!r} ({type(estimator).__name__}) has no predict_proba. "
                "Calibrate it, or use another classifier."
            )
            raise ValueError(msg)
        return "predict_proba"

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any, sample_weight: Any = None, **params: Any) -> Self:
        """Fit the members on every fold, choose the combination, refit the members.

        Parameters
        ----------
        X : Panel, Windows, DataFrame or array-like of n_samples rows
            The training samples, in any order.
        y : array-like of shape (n_samples,)
            Labels of any kind.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            Non-negative weights, for members, choice and scores. A Pipeline hands
            them to its last step. With metadata routing, to whoever requests them.
        **params : dict
            With metadata routing enabled, passed to whoever requests them, such as
            `label_end` to the splitter. Refused without.

        Returns
        -------
        self : object
            The fitted ensemble.

        Raises
        ------
        DataError
            For labels or weights that cannot be used as they are, folds that train on
            what they test, or too few rows with predictions.
        EmptyFoldError
            If the splitter leaves a fold without rows.
        """
        plan = self._plan(X, y, sample_weight, params)
        with fit_task(self, X, y, max_subtasks=None) as context:
            execution = Execution(self.memory, self.n_jobs, self, context)
            fits = fit_folds(
                plan.members,
                plan.rows,
                plan.folds,
                keep=self.refit == "folds",
                execution=execution,
            )
            samples = plan.outcome.samples(
                plan.out_of_fold(fits), self._extra(plan.rows.X)
            )
            self._choose(plan.names, samples, plan.folds, plan.outcome.order)
            self._take_members(plan, fits, execution)
        self._record_features(X)
        return self

    def _plan(
        self, X: Any, y: Any, sample_weight: Any, params: dict[str, Any]
    ) -> FitPlan:
        """Check everything and work out what is to be fitted."""
        X = indexed_samples(X)
        labels = check_labels(self, X, y)
        members = self._members()
        self.classes_, codes = np.unique(labels, return_inverse=True)
        _refuse_one_class(self.classes_)
        for name, value in params.items():
            refuse_other_index(X, value, name=name)
        weights = checked_weights(X, sample_weight, codes)
        self._read_by = {name: self._reading(name, est) for name, est in members}
        return plan_fit(
            [(name, est, _called(self._read_by[name])) for name, est in members],
            X,
            labels,
            self.classes_,
            codes,
            weights,
            self.cv,
            route_fit(
                self,
                members,
                self._final(),
                None if sample_weight is None else weights,
                params,
            ),
        )

    def _choose(
        self,
        names: tuple[str, ...],
        samples: MetaSamples,
        folds: list[Fold],
        order: IntArray,
    ) -> None:
        """Choose the combination, and score it by rows that did not choose it."""
        _refuse_too_little(samples, self.classes_)
        chooser = self._chooser(names)
        crossed = cross_fit(chooser, samples, folds, len(self.classes_))
        self._combination = chooser.choose(samples[np.flatnonzero(samples.usable)])
        self._names = names
        members = dict(zip(names, samples.predictions.members, strict=True))
        self.oof_predictions_ = {n: restore(p, order) for n, p in members.items()}
        self.oof_proba_ = restore(crossed.proba, order)
        self.oof_score_ = score(crossed.proba, samples, self._loss(), self.classes_)
        self.member_scores_ = self._score_members(members, samples, crossed)
        self._keep(names, crossed)

    def _learn(
        self,
        predictions: Mapping[str, Any],
        y: Any,
        X: Any,
        label_end: Any,
        sample_weight: Any,
        classes: Any,
    ) -> None:
        """Choose the combination of predictions that exist already, and score it."""
        samples = np.zeros((np.size(y), 1)) if X is None else X
        known = read_known(
            predictions,
            check_labels(self, samples, y),
            samples,
            cv=self.cv,
            label_end=label_end,
            sample_weight=sample_weight,
            classes=classes,
            final=self._final(),
        )
        self.classes_ = known.classes
        self._read_by = {name: self._reading_of_proba() for name in predictions}
        meta = known.outcome.samples(known.tables)
        self._choose(tuple(predictions), meta, known.folds, known.outcome.order)

    def _reading_of_proba(self) -> str:
        """Return how probabilities that already exist are read."""
        return "predict_proba"

    def _score_members(
        self, members: dict[str, FloatArray], samples: MetaSamples, crossed: CrossFit
    ) -> dict[str, float]:
        """Score each member on the rows on which the ensemble is scored, if any."""
        judged = crossed.judged if crossed.judged.any() else samples.usable
        rows = np.flatnonzero(judged)
        loss, classes = self._loss(), self.classes_
        return {
            name: score(values[rows], samples[rows], loss, classes)
            if _called(self._read_by[name]) == "predict_proba"
            else float("nan")
            for name, values in members.items()
        }

    def _take_members(
        self, plan: FitPlan, fits: list[list[FoldFit]], execution: Execution
    ) -> None:
        """Refit the members that are needed, or keep those of the folds."""
        used = self._used()
        if self.refit == "folds":
            kept = dict(zip(plan.names, fits, strict=True))
            models = [[fit.estimator for fit in kept[name]] for name in used]
        else:
            needed = [member for member in plan.members if member.name in used]
            models = fit_whole(needed, plan.rows, execution)
        self.estimators_ = models
        self.named_estimators_ = Bunch(**dict(zip(used, models, strict=True)))

    def _adopt(self, fitted: Mapping[str, Any]) -> None:
        """Take fitted members for those whose predictions were seen."""
        for name in self._used():
            check_is_fitted(fitted[name])
        self.estimators_ = [fitted[name] for name in self._used()]
        pairs = zip(self._used(), self.estimators_, strict=True)
        self.named_estimators_ = Bunch(**dict(pairs))

    def _record_features(self, X: Any) -> None:
        """Set `n_features_in_` and `feature_names_in_`, those of a bar."""
        first = self.estimators_[0]
        record_features(self, X, first[0] if isinstance(first, list) else first)

    def predict_proba(self, X: Any) -> FloatArray:
        """Predict the probability of each class.

        Parameters
        ----------
        X : Panel, Windows, DataFrame or array-like of n_samples rows
            The samples.

        Returns
        -------
        proba : ndarray of shape (n_samples, n_classes)
            Probabilities in the order of `classes_`.
        """
        predictions = self._predictions(X)
        return self._combination.combine(predictions)

    def predict(self, X: Any) -> np.ndarray:
        """Predict the most probable class.

        Parameters
        ----------
        X : Panel, Windows, DataFrame or array-like of n_samples rows
            The samples.

        Returns
        -------
        labels : ndarray of shape (n_samples,)
            Labels from `classes_`.
        """
        proba = self.predict_proba(X)
        return self.classes_[np.argmax(proba, axis=1)]

    def _predictions(self, X: Any) -> MemberPredictions:
        """Return what the fitted members say of samples."""
        check_is_fitted(self, "classes_")
        self._refuse_no_members()
        said = {
            name: self._ask(name, model, X)
            for name, model in self.named_estimators_.items()
        }
        return MemberPredictions(self._in_places(said), self._extra(X))

    def _ask(self, name: str, model: Any, X: Any) -> FloatArray:
        """Return the predictions of a member, or the mean of its models'."""
        models = model if isinstance(model, list) else [model]
        method = _called(self._read_by[name])
        said = [predict_member(m, X, method, self.classes_) for m in models]
        return np.mean(said, axis=0)

    def _in_places(self, said: Mapping[str, FloatArray]) -> tuple[FloatArray, ...]:
        """Put predictions in the order of the members, NaN for those not needed."""
        nothing = np.full_like(next(iter(said.values())), np.nan)
        return tuple(said.get(name, nothing) for name in self._names)

    def _combined(self, predictions: Mapping[str, Any]) -> FloatArray:
        """Combine probabilities that already exist."""
        check_is_fitted(self, "classes_")
        unknown = sorted(set(predictions) - set(self._names))
        if unknown:
            msg = f"Members {unknown} take no part; there are {list(self._names)}."
            raise DataError(msg)
        used = self._used()
        tables = check_member_proba(predictions, used, self.classes_)
        said = MemberPredictions(tables)
        result = np.full(tables[0].shape, np.nan)
        rows = np.flatnonzero(said.complete)
        if len(rows):
            places = self._in_places(dict(zip(used, said[rows].members, strict=True)))
            result[rows] = self._combination.combine(MemberPredictions(places))
        return result

    def _refuse_no_members(self) -> None:
        """Raise if the ensemble was made of predictions alone."""
        if not hasattr(self, "named_estimators_"):
            msg = (
                f"This {type(self).__name__} was made from predictions, without "
                "members that could predict more. Use combine with predictions of "
                "theirs, or pass fitted members to from_oof."
            )
            raise NotFittedError(msg)

    def get_metadata_routing(self) -> MetadataRouter:
        """Return how metadata such as `sample_weight` reaches the members.

        Returns
        -------
        routing : MetadataRouter
            The routing of scikit-learn's metadata routing API.
        """
        return router_of(self, self._receivers(), self.cv, self._final())

    def __sklearn_tags__(self) -> Tags:
        """Describe the ensemble to scikit-learn: it takes what all members take."""
        tags = super().__sklearn_tags__()
        inner = [
            get_tags(estimator).input_tags
            for _, estimator in self._receivers()
            if hasattr(estimator, "fit")
        ]
        for kind in ("allow_nan", "three_d_array"):
            can = bool(inner) and all(getattr(part, kind) for part in inner)
            setattr(tags.input_tags, kind, can)
        return tags
