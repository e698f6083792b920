"""Ensembles of a list of members, also from predictions that already exist."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from sklearn.utils.validation import check_is_fitted

from sk_ensemble._typing import FloatArray
from sk_ensemble.ensemble._base import OutOfFoldEnsemble
from sk_ensemble.ensemble._member_list import MemberList
from sk_ensemble.exceptions import DataError

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
        model = cls(estimators=[], cv=cv, **params)
        model._validate_params()
        model._learn(predictions, y, X, label_end, sample_weight, classes)
        if estimators is not None:
            model.attach_members(estimators, X)
        return model

    def attach_members(self, estimators: list[tuple[str, Any]], X: Any = None) -> Self:
        """Give an ensemble made by `from_oof` its members, for `predict_proba`.

        Parameters
        ----------
        estimators : list of (str, classifier)
            The fitted members, under the names of their predictions.
        X : Panel, Windows, DataFrame or array-like of n_samples rows, default=None
            The samples of `from_oof`, for the names and number of their features;
            None takes these from the first member.

        Returns
        -------
        self : object
            The ensemble.

        Raises
        ------
        DataError
            If the names are not those of the predictions.
        """
        check_is_fitted(self)
        listed = list(estimators)
        _refuse_other_names(set(self._read_by), [name for name, _ in listed])
        self.estimators = listed
        self._validate_params()
        self._adopt(dict(listed))
        self._record_features(X)
        return self

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
        return self._combined(predictions)
