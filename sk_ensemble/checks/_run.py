"""Run the checks, alone or as tests of pytest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sk_ensemble.checks._checks import CHECKS
from sk_ensemble.utils.optional import import_optional

__all__ = ["check_window_estimator", "parametrize_with_window_checks", "window_checks"]


def window_checks() -> dict[str, str]:
    """Return the names of all checks, and what each demands.

    Returns
    -------
    checks : dict of str to str
        One line for each.

    Examples
    --------
    >>> from sk_ensemble.checks import window_checks
    >>> window_checks()["check_order"]
    'Learn the same from samples in any order.'
    """
    return {name: str(check.__doc__).splitlines()[0] for name, check in CHECKS.items()}


def _refuse_unknown(names: Iterable[str]) -> None:
    unknown = sorted(set(names) - set(CHECKS))
    if unknown:
        msg = f"There are no checks {unknown}; there are {list(CHECKS)}."
        raise ValueError(msg)


def check_window_estimator(
    estimator: Any,
    *,
    expected_failed_checks: Mapping[str, str] | None = None,
    on_fail: str | None = "raise",
) -> list[dict[str, Any]]:
    """Check that a classifier of windows keeps what all families promise.

    Parameters
    ----------
    estimator : classifier
        What stands after a `Windower`, unfitted; it is not changed. It should be quick
        to fit, as it is fitted some thirty times, on 150 windows of 4 bars and 3
        features. Where a `random_state` is None, it is set.
    expected_failed_checks : dict of str to str or None, default=None
        Names of checks that the classifier need not pass, and why.
    on_fail : {"raise"} or None, default="raise"
        Whether the first failure is raised, or all are reported.

    Returns
    -------
    results : list of dict
        For each check ``check_name``, ``status`` (``"passed"``, ``"failed"`` or
        ``"xfail"``) and ``exception``, None if it has passed.

    Raises
    ------
    AssertionError
        If a check fails, with the name of the check.
    ValueError
        If there is no check of a name in `expected_failed_checks`, or a check passes
        that was expected to fail.

    See Also
    --------
    parametrize_with_window_checks : The same as tests of pytest.

    Notes
    -----
    Probabilities count as equal up to 1e-6. Two checks use two worker processes, to
    which joblib must be able to send the classifier, fitted or not.

    Examples
    --------
    >>> from sk_ensemble import PriorBaseline
    >>> from sk_ensemble.checks import check_window_estimator
    >>> {one["status"] for one in check_window_estimator(PriorBaseline())}
    {'passed'}
    """
    if on_fail not in ("raise", None):
        msg = f"on_fail must be 'raise' or None, got {on_fail!r}."
        raise ValueError(msg)
    expected = expected_failed_checks or {}
    _refuse_unknown(expected)
    results = []
    for name, check in CHECKS.items():
        error = _error_of(check, estimator)
        if error is None and name in expected:
            msg = f"{name} was expected to fail ({expected[name]}), and passes."
            raise ValueError(msg)
        status = "passed" if error is None else "failed"
        if name in expected:
            status = "xfail"
        if status == "failed" and on_fail == "raise":
            msg = f"{type(estimator).__name__} fails {name}: {error}"
            raise AssertionError(msg) from error
        results.append({"check_name": name, "status": status, "exception": error})
    return results


def _error_of(check: Callable[[Any], None], estimator: Any) -> Exception | None:
    # Whatever is raised in a check is a failure of the estimator.
    try:
        check(estimator)
    except Exception as error:
        return error
    return None


def parametrize_with_window_checks(
    estimators: Iterable[Any],
    *,
    expected_failed_checks: Callable[[Any], Mapping[str, str]] | None = None,
) -> Any:
    """Make one test of pytest of each check of each classifier.

    Parameters
    ----------
    estimators : iterable of classifiers
        See `check_window_estimator`.
    expected_failed_checks : callable or None, default=None
        Takes a classifier and returns the checks that it need not pass, and why.

    Returns
    -------
    decorator : pytest.MarkDecorator
        Gives a test function the arguments ``estimator`` and ``check``.

    Raises
    ------
    ImportError
        If pytest is not installed.
    ValueError
        If there is no check of a name that is expected to fail.

    See Also
    --------
    check_window_estimator : The same without pytest.

    Examples
    --------
    >>> from sk_ensemble import PriorBaseline
    >>> from sk_ensemble.checks import parametrize_with_window_checks
    >>> @parametrize_with_window_checks([PriorBaseline()])
    ... def test_my_classifier(estimator, check):
    ...     check(estimator)
    """
    pytest = import_optional("pytest", extra="all")
    params = []
    for estimator in estimators:
        expected = expected_failed_checks(estimator) if expected_failed_checks else {}
        _refuse_unknown(expected)
        for name, check in CHECKS.items():
            marks = []
            if name in expected:
                marks.append(pytest.mark.xfail(reason=expected[name], strict=True))
            test_id = f"{type(estimator).__name__}-{name}"
            params.append(pytest.param(estimator, check, marks=marks, id=test_id))
    return pytest.mark.parametrize(("estimator", "check"), params)
