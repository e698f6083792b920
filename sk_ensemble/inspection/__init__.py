"""Look into models: what they see and should not, and what they look at.

:func:`audit_leakage` changes what a prediction must not depend on and names whatever
moves. :func:`purged_permutation_importance` and :func:`clustered_importance` measure
out of sample what a feature is worth.
"""

from __future__ import annotations

from sk_ensemble.inspection._audit import audit_leakage
from sk_ensemble.inspection._clusters import clustered_importance
from sk_ensemble.inspection._finding import Finding
from sk_ensemble.inspection._importance import FeatureImportance
from sk_ensemble.inspection._permutation import purged_permutation_importance
from sk_ensemble.inspection._report import LeakageReport

__all__ = [
    "FeatureImportance",
    "Finding",
    "LeakageReport",
    "audit_leakage",
    "clustered_importance",
    "purged_permutation_importance",
]
