"""Read YAML 1.2 as nodes that know their lines, within strict limits.

The events of ruamel.yaml's parser are turned into nodes here. Nothing is composed or
constructed by the library, so a file can name no type, and its limits are checked while
it is read: whatever it holds, reading ends within a second.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ruamel.yaml import YAML, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from sk_ensemble.experiments.config._fault import Fault, shown
from sk_ensemble.experiments.config._nodes import ListNode, MapNode, Node, ScalarNode
from sk_ensemble.experiments.config._place import Place
from sk_ensemble.experiments.config._scalars import plain_value

__all__ = ["MAX_BYTES", "MAX_DEPTH", "MAX_LINES", "MAX_VALUES", "read_yaml"]

MAX_BYTES = 1_000_000
MAX_DEPTH = 32
MAX_LINES = 10_000
#: Characters of a line: some mistakes cost the parser their square.
MAX_LINE = 100_000
#: Keys and values.
MAX_VALUES = 10_000

_LONGEST_KEY = 100


class _UnreadableError(Exception):
    """A fault after which the rest of the text has no meaning."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


def _size_fault(text: str) -> str | None:
    """Return why a text is not even parsed."""
    if not text.strip():
        return "is empty; write at least one key"
    n_bytes = len(text.encode("utf-8", "surrogatepass"))
    if n_bytes > MAX_BYTES:
        return f"has {n_bytes:,} bytes; a configuration has at most {MAX_BYTES:,}"
    lines = text.splitlines()
    if len(lines) > MAX_LINES:
        return f"has {len(lines):,} lines; a configuration has at most {MAX_LINES:,}"
    longest = max(map(len, lines))
    if longest > MAX_LINE:
        return f"has a line of {longest:,} characters; at most {MAX_LINE:,} will do"
    return None


class _Builder:
    """Turn the events of one text into nodes, collecting what is wrong."""

    def __init__(self, text: str, source: Place) -> None:
        self.source = source
        self.faults: list[Fault] = []
        self.n_values = 0
        self.events: Iterator[Any] = YAML(typ="safe", pure=True).parse(text)

    def place(self, event: Any) -> Place:
        line = event.start_mark.line + 1
        return Place(self.source.source, line, self.source.folder)

    def refuse(self, event: Any, key: str, text: str) -> None:
        self.faults.append(Fault(self.place(event), key, text))

    def stop(self, event: Any, text: str) -> None:
        raise _UnreadableError(Fault(self.place(event), "", text))

    def document(self) -> Node | None:
        """Return the only document of the text."""
        next(self.events)
        start = next(self.events)
        if not isinstance(start, DocumentStartEvent):
            self.stop(start, "is empty; write at least one key")
        if start.version not in (None, (1, 2)):
            self.stop(start, "asks for another version of YAML than 1.2")
        node = self.node(next(self.events), "", 0)
        next(self.events)
        following = next(self.events)
        if isinstance(following, DocumentStartEvent):
            self.stop(following, "a second document begins here; one file holds one")
        return node

    def node(self, event: Any, key: str, depth: int) -> Node | None:
        """Return the node that begins with an event, or None for a faulty value."""
        self.check(event, key, depth)
        if isinstance(event, ScalarEvent):
            return self.scalar(event, key)
        if isinstance(event, SequenceStartEvent):
            return self.list_node(event, key, depth + 1)
        return self.map_node(event, key, depth + 1)

    def check(self, event: Any, key: str, depth: int) -> None:
        """Refuse what no configuration needs."""
        self.n_values += 1
        if self.n_values > MAX_VALUES:
            self.stop(event, f"holds more than {MAX_VALUES:,} keys and values")
        if isinstance(event, AliasEvent):
            alias = shown(event.anchor)
            self.stop(event, f"the alias {alias} is not allowed; repeat what it means")
        is_block = isinstance(event, MappingStartEvent | SequenceStartEvent)
        if is_block and depth >= MAX_DEPTH:
            self.stop(event, f"is nested more than {MAX_DEPTH} deep")
        tag = getattr(event, "tag", None)
        if tag:
            text = f"the tag {shown(tag)} is not allowed; leave it out"
            self.refuse(event, key, text)

    def scalar(self, event: Any, key: str) -> ScalarNode | None:
        text = str(event.value)
        if not event.implicit[0]:
            return ScalarNode(text, self.place(event))
        try:
            return ScalarNode(plain_value(text), self.place(event), text)
        except ValueError as error:
            self.refuse(event, key, f"{error}, got {shown(text)}")
            return None

    def list_node(self, start: Any, key: str, depth: int) -> ListNode:
        items: list[Node] = []
        while not isinstance(event := next(self.events), SequenceEndEvent):
            item = self.node(event, f"{key}[{len(items)}]", depth)
            items += [] if item is None else [item]
        return ListNode(items, self.place(start))

    def map_node(self, start: Any, key: str, depth: int) -> MapNode:
        entries: dict[str, Node] = {}
        places: dict[str, Place] = {}
        while not isinstance(event := next(self.events), MappingEndEvent):
            name = self.name(event, key, depth)
            path = f"{key}.{name}" if key else str(name)
            node = self.node(next(self.events), path, depth)
            if name is None or node is None:
                continue
            if name in entries:
                first = places[name].line
                self.refuse(event, path, f"is given twice, first on line {first}")
            else:
                entries[name], places[name] = node, self.place(event)
        return MapNode(entries, self.place(start), places)

    def name(self, event: Any, key: str, depth: int) -> str | None:
        """Return the key that an event is, or None for one that is no text."""
        node = self.node(event, key, depth)
        got = "a list or mapping"
        if isinstance(node, ScalarNode):
            if isinstance(node.value, str) and len(node.value) <= _LONGEST_KEY:
                return node.value
            is_text = isinstance(node.value, str)
            advice = "make it shorter" if is_text else "put it in quotes"
            got = f"{shown(node.text or node.value)}; {advice}"
        self.refuse(event, key, f"keys must be text, got {got}")
        return None


def _syntax_fault(error: Any, source: Place) -> Fault:
    """Say what the parser could not read."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    line = None if mark is None else mark.line + 1
    reason = getattr(error, "problem", None) or getattr(error, "reason", None)
    text = f"is no YAML: {reason or type(error).__name__}"
    return Fault(Place(source.source, line, source.folder), "", text)


def read_yaml(text: str, source: Place) -> tuple[Node | None, list[Fault]]:
    """Read one YAML document.

    Parameters
    ----------
    text : str
        The document.
    source : Place
        Where it comes from, without a line.

    Returns
    -------
    node : ScalarNode, ListNode, MapNode or None
        What it holds; None if it cannot be read.
    faults : list of Fault
        Everything that is wrong with it as YAML.

    Examples
    --------
    >>> from sk_ensemble.experiments.config._place import Place
    >>> from sk_ensemble.experiments.config._yaml import read_yaml
    >>> node, faults = read_yaml("{a: 1, b: 2, a: 3}", Place("my.yaml"))
    >>> print(*faults)
    my.yaml:1: a: is given twice, first on line 1
    """
    fault = _size_fault(text)
    if fault is not None:
        return None, [Fault(source, "", fault)]
    try:
        builder = _Builder(text, source)
        return builder.document(), builder.faults
    except _UnreadableError as error:
        return None, [*builder.faults, error.fault]
    except YAMLError as error:
        return None, [*builder.faults, _syntax_fault(error, source)]
