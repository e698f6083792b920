from __future__ import annotations

import sys

import pytest

from sk_ensemble.utils.optional import import_optional


def test_an_installed_module_is_returned():
    assert import_optional("json.decoder", extra="all") is sys.modules["json.decoder"]


def test_an_absent_module_says_what_to_install():
    with pytest.raises(ImportError, match=r'pip install "sk_ensemble\[boosting\]"'):
        import_optional("no_such_booster.core", extra="boosting")


def test_a_broken_module_is_not_taken_for_an_absent_one(tmp_path, monkeypatch):
    (tmp_path / "broken_booster.py").write_text("import no_such_dependency")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="no_such_dependency") as caught:
        import_optional("broken_booster", extra="boosting")
    assert "sk_ensemble" not in str(caught.value)
