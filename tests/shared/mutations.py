"""Change a file as an author who knows its format could: one thing at a time."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from sk_ensemble.boosting._ubjson import pack, unpack

Rng = np.random.Generator

_WHOLE = (-(2**63), -(2**31), -3, -2, -1, 0, 1, 2, 7, 255, 2**31 - 1, 2**32, 2**62)
_REAL = (np.nan, np.inf, -np.inf, -1.0, 0.0, 1e38, 1e-45)


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the paths of all values within dicts and lists, these included."""
    if path:
        yield path
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for key, item in items:
        yield from _leaves(item, (*path, key))


def changed_array(array: np.ndarray, rng: Rng) -> np.ndarray:
    """Change one number, the length, the shape or the type of an array."""
    kind = rng.integers(6) if array.size else 4
    array = array.copy()
    if kind < 3:
        place = np.unravel_index(rng.integers(array.size), array.shape)
        if array.dtype.kind == "f":
            array[place] = rng.choice(_REAL)
        elif array.dtype.kind == "b":
            array[place] ^= True
        else:
            info = np.iinfo(array.dtype)
            array[place] = np.clip(int(rng.choice(_WHOLE)), info.min, info.max)
        return array
    if kind == 3:
        return array[:-1]
    if kind == 4:
        return np.concatenate([array.ravel(), np.zeros(1, array.dtype)])
    return np.roll(array, 1)


def _changed_text(text: str, rng: Rng) -> str:
    if re.fullmatch(r"-?\d+", text):
        return str(rng.choice([*_WHOLE[1:-2], 10**9]))
    choices = ["", text * 2, text[::-1], "[nan]", "gblinear", "dart", "rank:pairwise"]
    return str(rng.choice(choices))


def _changed_value(value: Any, rng: Rng) -> Any:
    if isinstance(value, np.ndarray):
        return changed_array(value, rng)
    if isinstance(value, str):
        return _changed_text(value, rng)
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return int(rng.choice(_WHOLE))
    if isinstance(value, float):
        return float(rng.choice(_REAL))
    if isinstance(value, list) and value:
        kind = rng.integers(4)
        return [value[:-1], value + value[:1], value[::-1], []][kind]
    return rng.choice([0, "0"]).item()


def changed_document(document: Any, rng: Rng) -> Any:
    """Change, remove, rename or replace one value anywhere in a document."""
    document = copy.deepcopy(document)
    paths = list(_leaves(document))
    *parents, key = paths[rng.integers(len(paths))]
    holder = document
    for parent in parents:
        holder = holder[parent]
    kind = rng.integers(8)
    if kind == 0:
        del holder[key]
    elif kind == 1 and isinstance(holder, dict):
        holder[f"{key}s"] = holder.pop(key)
    elif kind == 2:
        *others, other = paths[rng.integers(len(paths))]
        taken = document
        for step in [*others, other]:
            try:
                taken = taken[step]
            except (KeyError, IndexError, TypeError):
                break
        holder[key] = copy.deepcopy(taken)
    else:
        holder[key] = _changed_value(holder[key], rng)
    return document


def changed_bytes(content: bytes, rng: Rng) -> bytes:
    """Overwrite, cut out or insert some bytes."""
    place = int(rng.integers(len(content)))
    size = int(rng.integers(1, 9))
    filling = rng.bytes(size)
    kind = rng.integers(4)
    if kind == 0:
        return content[:place]
    if kind == 1:
        return content[:place] + content[place + size :]
    if kind == 2:
        return content[:place] + filling + content[place:]
    return content[:place] + filling + content[place + size :]


def changed_ubjson(content: bytes, rng: Rng) -> bytes:
    """Change a booster of XGBoost."""
    if rng.random() < 0.2:
        return changed_bytes(content, rng)
    while True:
        try:
            return pack(changed_document(unpack(content), rng))
        except Exception:
            # Not every change can be written down; try another one.
            continue


def changed_json(content: bytes, rng: Rng) -> bytes:
    """Change a booster of CatBoost, or any other JSON."""
    if rng.random() < 0.2:
        return changed_bytes(content, rng)
    return json.dumps(changed_document(json.loads(content), rng)).encode()


def _with_sizes(text: str) -> str:
    """Correct what a booster of LightGBM says of the sizes of its trees."""
    head, gap, rest = text.partition("\n\nTree=")
    if not gap:
        return text
    body, end, tail = ("Tree=" + rest).partition("end of trees")
    blocks = re.split(r"(?=^Tree=)", body, flags=re.MULTILINE)
    sizes = " ".join(str(len(block)) for block in blocks if block)
    head = re.sub(r"tree_sizes=.*", f"tree_sizes={sizes}", head)
    return head + "\n\n" + body + end + tail


def changed_lightgbm(content: bytes, rng: Rng) -> bytes:
    """Change a booster of LightGBM."""
    if rng.random() < 0.2:
        return changed_bytes(content, rng)
    lines = content.decode().split("\n")
    place = int(rng.integers(len(lines)))
    kind = rng.integers(8)
    if kind == 0:
        del lines[place]
    elif kind == 1:
        lines.insert(place, lines[int(rng.integers(len(lines)))])
    elif kind == 2:
        other = int(rng.integers(len(lines)))
        lines[place], lines[other] = lines[other], lines[place]
    else:
        lines[place] = _changed_line(lines[place], rng)
    text = "\n".join(lines)
    return (_with_sizes(text) if rng.random() < 0.8 else text).encode()


def _changed_line(line: str, rng: Rng) -> str:
    name, equals, values = line.partition("=")
    parts = values.split(" ")
    place = int(rng.integers(len(parts)))
    kind = rng.integers(5)
    if kind == 0:
        del parts[place]
    elif kind == 1:
        parts.insert(place, parts[place])
    else:
        bad = [*map(str, _WHOLE), "nan", "inf", "1e999", "", "x" * 50, "0:1:2"]
        parts[place] = str(rng.choice(bad))
    return name + equals + " ".join(parts)


Change = Callable[[bytes, Rng], bytes]
