from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize("package", ["torch", "skorch"])
def test_a_missing_package_is_named_with_the_extra_that_brings_it(package):
    script = f"import sys; sys.modules[{package!r}] = None; import sk_ensemble as s; "
    result = subprocess.run(
        [sys.executable, "-c", script + "s.LSTMClassifier"],
        capture_output=True,
        text=True,
    )
    assert result.returncode == 1
    assert f"{package} is needed for this" in result.stderr
    assert 'pip install "sk_ensemble[neural]"' in result.stderr
