from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from joblib.externals.loky.backend.reduction import dumps

from sk_ensemble.experiments._mapped_arrays import MappedArrays

LARGE = np.arange(60_000, dtype=np.float64).reshape(300, 200)
SMALL = np.arange(6)


@pytest.fixture
def arrays():
    kept = MappedArrays(large=100_000)
    yield kept
    kept.close()


def sent(value, arrays):
    """Return what another process gets."""
    return pickle.loads(dumps(value, reducers=arrays.reducers))


def files(arrays):
    return sorted(Path(arrays._folder).iterdir())


def test_a_large_array_arrives_as_a_memory_map(arrays):
    found = sent(LARGE, arrays)
    assert isinstance(found, np.memmap)
    np.testing.assert_array_equal(found, LARGE)


def test_a_small_array_arrives_as_it_is(arrays):
    found = sent(SMALL, arrays)
    assert type(found) is np.ndarray
    np.testing.assert_array_equal(found, SMALL)
    assert not files(arrays)


def test_the_message_is_short(arrays):
    assert len(dumps(LARGE, reducers=arrays.reducers)) < 1_000 < len(dumps(LARGE))


def test_an_array_is_written_once_however_often_it_is_sent(arrays):
    for _ in range(3):
        sent({"a": LARGE, "b": [LARGE]}, arrays)
    assert len(files(arrays)) == 1
    sent(LARGE.copy(), arrays)
    assert len(files(arrays)) == 2


@pytest.mark.parametrize(
    "values",
    [
        LARGE.T,
        LARGE[::2, ::2].repeat(4, axis=0),
        LARGE[:, 20:],
        np.asfortranarray(LARGE),
        LARGE.astype("datetime64[ns]"),
    ],
    ids=["transposed", "strided", "part", "fortran", "times"],
)
def test_arrays_of_any_layout_and_type_arrive_whole(values, arrays):
    found = sent(values, arrays)
    assert found.dtype == values.dtype
    np.testing.assert_array_equal(found, values)


def test_arrays_of_objects_arrive_whole(arrays):
    values = np.array(["IF", "AG"] * 20_000, dtype=object)
    np.testing.assert_array_equal(sent(values, arrays), values)
    assert not files(arrays)


@pytest.mark.parametrize(
    "part",
    [
        lambda mapped: mapped,
        lambda mapped: mapped[100:],
        lambda mapped: mapped[100:][50:],
        lambda mapped: np.asarray(mapped)[100:],
        lambda mapped: mapped[100:].view(),
    ],
    ids=["all", "slice", "slice of a slice", "as an array", "view"],
)
def test_part_of_a_mapped_file_is_mapped_again_and_not_written(part, arrays, tmp_path):
    path = tmp_path / "bars.raw"
    path.write_bytes(b"header__" + LARGE.tobytes())
    mapped = np.memmap(path, LARGE.dtype, "r", offset=8, shape=LARGE.shape)
    found = sent(part(mapped), arrays)
    assert isinstance(found, np.memmap)
    np.testing.assert_array_equal(found, part(LARGE))
    assert not files(arrays)


@pytest.mark.parametrize(
    ("mode", "part"),
    [("c", lambda mapped: mapped), ("r", lambda mapped: mapped[:, ::2])],
    ids=["changed in memory only", "with gaps"],
)
def test_what_is_no_plain_part_of_a_file_is_written(mode, part, arrays, tmp_path):
    path = tmp_path / "bars.raw"
    path.write_bytes(LARGE.tobytes())
    mapped = np.memmap(path, LARGE.dtype, mode, shape=LARGE.shape)
    if mode == "c":
        mapped[0, 0] = -1.0
    np.testing.assert_array_equal(sent(part(mapped), arrays), part(mapped))
    assert len(files(arrays)) == 1


def test_the_files_are_removed_in_the_end():
    arrays = MappedArrays(large=100_000)
    sent(LARGE, arrays)
    folder = Path(arrays._folder)
    assert folder.is_dir()
    arrays.close()
    assert not folder.exists()
