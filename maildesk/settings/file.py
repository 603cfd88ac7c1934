"""A settings file as plain data that remembers where each name stands.

Read from PyYAML's node tree, because its loader would read ``17:00`` as 1020 and ``no`` as false (YAML 1.1), and would
let the second of two equal keys win.  Here only ``true`` and ``false`` are booleans, only ``null``, ``~`` and nothing
are null, only plain decimal digits are numbers; everything else is text.  Tags, anchors and aliases are refused.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import yaml

from maildesk.faults import Fault, Name, Place, dotted, failure
from maildesk.settings.syntax import in_plain_words

Data = dict[str, Any]

_CONSTANTS: Mapping[str, bool | None] = {"true": True, "false": False, "null": None, "~": None, "": None}
_DEPTH: Final = 20
_PLAIN: Final = {f"tag:yaml.org,2002:{kind}" for kind in ("str", "seq", "map")}
_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_BROKEN = re.compile(r"-?(0|[1-9][0-9]{0,17})\.[0-9]{1,9}")


@dataclass(slots=True)
class Tree:
    """Plain data, the place of each name in it, and what was wrong with how it is written.

    ``written``: names that stand in the file by another one, as ``hours.week.tue`` by ``hours.week.mon-fri``.
    """

    data: Data
    places: dict[Name, Place]
    faults: list[Fault] = field(default_factory=list)
    written: dict[Name, Name] = field(default_factory=dict)

    def place(self, name: Name) -> Place:
        """Where a name stands, or the nearest one above it that does."""
        while name not in self.places:
            name = name[:-1]
        return self.places[name]

    def as_written(self, name: Name) -> Name:
        """The name by which it stands in the file."""
        for length in range(len(name), 0, -1):
            if name[:length] in self.written:
                return self.written[name[:length]] + name[length:]
        return name


def read(path: Path, file: str = "", listed: str = "") -> Tree:
    """Reads a file, named ``file`` in faults; one that is a list becomes the value of ``listed``, where that is given.

    Raises SettingsError where it is missing, unreadable or no YAML map.
    """
    file = file or str(path)
    try:
        return parse(path.read_text(encoding="utf-8-sig"), file, listed)
    except OSError as fault:
        remedy = "write the path of a settings file" if isinstance(fault, FileNotFoundError) else "make it readable"
        raise failure(Place(file), f"cannot be read: {fault.strerror}", remedy) from fault
    except UnicodeDecodeError as fault:
        raise failure(Place(file), "is no text in UTF-8", "save it in UTF-8") from fault


def parse(text: str, file: str, listed: str = "") -> Tree:
    """Reads the text of a file.  Raises SettingsError where it is no YAML, or no map."""
    try:
        node = yaml.compose(text, Loader=_Loader)  # composes nodes, constructs nothing
    except yaml.MarkedYAMLError as fault:
        line, wrong, right = in_plain_words(fault, text)
        raise failure(Place(file, line), wrong, right) from fault
    except yaml.YAMLError as fault:
        raise failure(Place(file), "holds characters that no text has", "remove what cannot be printed") from fault
    return _tree(node, file, listed)


def merge(shipped: Tree, own: Tree) -> Tree:
    """Lays ``own`` over ``shipped``: maps merge key by key, all else replaces, null takes a default away."""
    places = dict(shipped.places) | {(): own.places[()]}
    data = _merged(shipped.data, own.data, (), places, own.places)
    written = {name: by for name, by in shipped.written.items() if name not in own.places} | own.written
    return Tree(data, places, [*shipped.faults, *own.faults], written)


def without_nulls(data: Any) -> Any:
    """The same data without the names whose value is null: what they mean stands in the model."""
    if isinstance(data, dict):
        return {key: without_nulls(value) for key, value in data.items() if value is not None}
    return [without_nulls(item) for item in data] if isinstance(data, list) else data


class _Loader(yaml.BaseLoader):
    """Composes nodes without giving plain words a type; refuses aliases and what is nested beyond any setting."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent):
            raise _unwanted("an alias (*) is not used here, write the value out", event.start_mark)
        if self.depth == _DEPTH:
            raise _unwanted("this is nested deeper than any setting", event.start_mark)
        self.depth += 1
        node: yaml.Node | None = super().compose_node(parent, index)
        self.depth -= 1
        return node


def _unwanted(problem: str, mark: Any) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(None, None, problem, mark)


def _tree(node: yaml.Node | None, file: str, listed: str) -> Tree:
    tree = Tree({}, {(): Place(file)})
    if node is None or (isinstance(node, yaml.ScalarNode) and _scalar(node) is None):
        return tree
    if listed and isinstance(node, yaml.SequenceNode):
        tree.data = {listed: _value(node, (listed,), file, tree)}
        return tree
    if not isinstance(node, yaml.MappingNode):
        raise failure(
            _at(node, file),
            "holds no names",
            "write names and values like desk: {name: Support}, with a space after each colon",
        )
    tree.data = _map(node, (), file, tree)
    return tree


def _value(node: yaml.Node, name: Name, file: str, tree: Tree) -> Any:
    tree.places.setdefault(name, _at(node, file))
    if node.tag not in _PLAIN:
        tree.faults.append(Fault(_at(node, file), dotted(name), f"has a tag {node.tag}", "write the plain value"))
    if isinstance(node, yaml.MappingNode):
        return _map(node, name, file, tree)
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, (*name, index), file, tree) for index, item in enumerate(node.value)]
    return _scalar(node)


def _map(node: yaml.MappingNode, name: Name, file: str, tree: Tree) -> Data:
    data: Data = {}
    for key_node, value_node in node.value:
        place = _at(key_node, file)
        if not isinstance(key_node, yaml.ScalarNode):
            tree.faults.append(Fault(place, dotted(name), "holds a name that is a list or map", "write a plain name"))
            continue
        key = _whole(key_node.value)
        if key in data:
            first = tree.places[(*name, key)].line
            tree.faults.append(Fault(place, dotted((*name, key)), f"stands twice, first in line {first}", "keep one"))
            continue
        tree.places[(*name, key)] = place
        data[key] = _value(value_node, (*name, key), file, tree)
    return data


def _whole(text: str) -> str:
    """Escapes of JSON name a rare character by two halves, which YAML leaves apart; a lone half is no character."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _scalar(node: yaml.Node) -> str | int | Decimal | bool | None:
    text = _whole(node.value)
    if getattr(node, "style", None) is not None:
        return text
    if text.lower() in _CONSTANTS and text in {text.lower(), text.title(), text.upper()}:
        return _CONSTANTS[text.lower()]
    if _WHOLE.fullmatch(text):
        return int(text)
    return Decimal(text) if _BROKEN.fullmatch(text) else text


def _at(node: yaml.Node, file: str) -> Place:
    return Place(file, node.start_mark.line + 1)


def _merged(below: Data, above: Data, name: Name, places: dict[Name, Place], own: Mapping[Name, Place]) -> Data:
    data = dict(below)
    for key, value in above.items():
        inner = (*name, key)
        if isinstance(value, dict) and isinstance(below.get(key), dict):
            places[inner] = own[inner]
            data[key] = _merged(below[key], value, inner, places, own)
            continue
        for gone in list(_under(inner, places)):
            del places[gone]
        places.update({found: own[found] for found in _under(inner, own)})
        data[key] = value
    return data


def _under(name: Name, places: Mapping[Name, Place]) -> Iterator[Name]:
    return (found for found in places if found[: len(name)] == name)
