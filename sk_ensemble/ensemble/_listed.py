"""Ensembles of a list of members, also from predictions that already exist."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.utils import Bunch, check_consistent_length
from sklearn.utils.validation import check_is_fitted

from sk_ensemble._typing import FloatArray
from sk_ensemble.ensemble._base import OutOfFoldEnsemble
from sk_ensemble.ensemble._folds import make_folds
from sk_ensemble.ensemble._member_list import MemberList
from sk_ensemble.ensemble._meta_samples import MemberPredictions
from sk_ensemble.ensemble._order import arrange, arrange_params, canonical_order
from sk_ensemble.ensemble._plan import Outcome, checked_weights
from sk_ensemble.ensemble._proba import check_member_proba
from sk_ensemble.estimator import check_labels, encode_labels
from sk_ensemble.exceptions import DataError
from sk_ensemble.panel import refuse_other_index

__all__ = ["ListedEnsemble"]


def _refuse_other_names(names: set[str], members: list[str]) -> None:
    """Raise if predictions or estimators are of other members."""
    if names != set(members):
        msg = (
            f"There are predictions of the members {sorted(names)} and fitted members "
            f"{sorted(members)}. Give both for the same."
        )
        raise DataError(msg)


class ListedEnsemble(MemberList, OutOfFoldEnsemble):
    """Base of ensembles with a parameter `estimators`."""

    listed_constraints: ClassVar[dict[str, Any]] = {
        **OutOfFoldEnsemble.shared_constraints,
        "estimators": [list],
    }

    @classmethod
    def from_oof(
        cls,
        predictions: Mapping[str, Any],
        y: Any,
        X: Any = None,
        *,
        cv: Any,
        label_end: Any = None,
        sample_weight: Any = None,
        classes: Any = None,
        estimators: list[tuple[str, Any]] | None = None,
        **params: Any,
    ) -> Self:
        """Choose the combination of predictions that already exist.

        No member is fitted.

        Parameters
        ----------
        predictions : mapping of str to array-like of shape (n_samples, n_classes)
            Out-of-fold probabilities by member: columns in the order of the classes,
            those of a DataFrame by name. NaN rows are rows without a prediction.
        y : array-like of shape (n_samples,)
            What came true.
        X : Panel, Windows, DataFrame or array-like of n_samples rows, default=None
            The samples, of which `cv` needs the times and label ends alone; a frame
            without columns does. None: rows are consecutive bars of one symbol.
        cv : cross-validator or list of (train, test)
            Folds for the scores: each is judged by a combination that its training
            rows chose. They need not be those that made the predictions.
        label_end : array-like of datetime64 of shape (n_samples,), default=None
            Time at which each label ends, where X does not carry it.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            Non-negative weights, for choice and scores.
        classes : array-like of shape (n_classes,), default=None
            Classes of the columns. None: those in `y`, ascending.
        estimators : list of (str, classifier), default=None
            The fitted members, for `predict_proba`. None: use `combine`.
        **params : dict
            Further parameters of the class.

        Returns
        -------
        ensemble : object
            The ensemble, fitted.
        """
        listed = [] if estimators is None else list(estimators)
        model = cls(estimators=listed, cv=cv, **params)
        model._validate_params()
        names = tuple(predictions)
        model._learn(predictions, y, X, label_end, sample_weight, classes)
        if estimators is not None:
            _refuse_other_names(set(names), [name for name, _ in listed])
            model._adopt(dict(listed))
            model._record_features(X)
        return model

    def _learn(
        self,
        predictions: Mapping[str, Any],
        y: Any,
        X: Any,
        label_end: Any,
        sample_weight: Any,
        classes: Any,
    ) -> None:
        """Choose the combination and score it."""
        samples = np.zeros((np.size(y), 1)) if X is None else X
        labels = check_labels(self, samples, y)
        columns = np.unique(labels) if classes is None else np.asarray(classes)
        tables = check_member_proba(predictions, list(predictions), columns)
        check_consistent_length(labels, *tables)
        for name, table in predictions.items():
            refuse_other_index(samples, table, name=f"Predictions of {name!r}")
        self.classes_ = np.sort(columns)
        codes = encode_labels(labels, self.classes_)
        weights = checked_weights(samples, sample_weight, codes)
        order = canonical_order(samples, codes, weights)
        given = {} if label_end is None else {"label_end": label_end}
        folds = make_folds(
            self.cv,
            arrange(samples, order),
            labels[order],
            arrange_params(given, order),
            order,
        )
        ascending = np.argsort(columns)
        self._read_by = {name: self._reading_of_proba() for name in predictions}
        outcome = Outcome(codes[order], weights[order], order, {})
        arranged = tuple(table[order][:, ascending] for table in tables)
        self._choose(tuple(predictions), outcome.samples(arranged), folds, order)

    def _reading_of_proba(self) -> str:
        """Return how probabilities that already exist are read."""
        return "predict_proba"

    def _adopt(self, fitted: Mapping[str, Any]) -> None:
        """Take fitted members for those whose predictions were seen."""
        for name in self._used():
            check_is_fitted(fitted[name])
        self.estimators_ = [fitted[name] for name in self._used()]
        pairs = zip(self._used(), self.estimators_, strict=True)
        self.named_estimators_ = Bunch(**dict(pairs))

    def combine(self, predictions: Mapping[str, Any]) -> FloatArray:
        """Combine probabilities of the members.

        Parameters
        ----------
        predictions : mapping of str to array-like of shape (n_rows, n_classes)
            Probabilities by member, columns in the order of `classes_`, those of a
            DataFrame by name. Members of weight 0 may be left out.

        Returns
        -------
        proba : ndarray of float64 of shape (n_rows, n_classes)
            Probabilities of the ensemble; NaN in rows that a member which is needed
            has not predicted.
        """
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
