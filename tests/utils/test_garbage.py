from __future__ import annotations

import gc

import pytest

from sk_ensemble.utils.garbage import no_collection


@pytest.fixture(autouse=True)
def as_before():
    yield
    gc.enable()
    gc.unfreeze()


@pytest.mark.parametrize("before", [True, False])
def test_collection_is_as_it_was_even_after_an_error(before):
    (gc.enable if before else gc.disable)()
    seen = []

    def fail():
        with no_collection():
            seen.append(gc.isenabled())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert seen == [False]
    assert gc.isenabled() == before


def test_what_was_made_is_not_looked_at_again():
    with no_collection():
        made = [[] for _ in range(1000)]
    assert gc.get_freeze_count() > 1000
    assert len(made) == 1000
