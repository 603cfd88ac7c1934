"""A settings file is read as it is written, and each name remembers its line."""

from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from maildesk.faults import SettingsError, dotted
from maildesk.settings.file import merge, parse, read, without_nulls


def data(text: str) -> dict[str, Any]:
    return parse(text, "s.yaml").data


def fault(text: str) -> str:
    with pytest.raises(SettingsError) as raised:
        parse(text, "s.yaml")
    return str(raised.value)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("17:00", "17:00"),
        ("08:30", "08:30"),
        ("1:30:00", "1:30:00"),
        ("no", "no"),
        ("on", "on"),
        ("Yes", "Yes"),
        ("y", "y"),
        ("true", True),
        ("False", False),
        ('"true"', "true"),
        ("null", None),
        ("~", None),
        ("", None),
        ('""', ""),
        ('"null"', "null"),
        ("25", 25),
        ("-1", -1),
        ("0", 0),
        ("007", "007"),
        ("0845 8627463", "0845 8627463"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        ("1e3", "1e3"),
        ("0.5", Decimal("0.5")),
        (".5", ".5"),
        (".inf", ".inf"),
        ("2026-12-24", "2026-12-24"),
        ("9" * 5000, "9" * 5000),
        ("'17'", "17"),
        ("[no, 1]", ["no", 1]),
    ],
)
def test_values_mean_what_they_say(written: str, meant: object) -> None:
    assert data(f"name: {written}\n") == {"name": meant}


def test_names_are_text_too() -> None:
    assert data("on: 1\n5: 2\nnull: 3\n17:00: 4\n") == {"on": 1, "5": 2, "null": 3, "17:00": 4}


@pytest.mark.parametrize("text", ["", "# a comment\n", "---\n", "null\n", "\ufeff"])
def test_nothing_is_an_empty_map(text: str) -> None:
    assert data(text) == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- a\n", "s.yaml:1: holds no names; write names and values"),
        ("\n\njust words\n", "s.yaml:3: holds no names; write names and values"),
        ("a: 1\nb: [1, 2\n", "s.yaml:2: opens a [ or { that is not closed as it should be; close it"),
        ("a: 1\n\tb: 2\n", "s.yaml:2: holds a tab; indent with spaces, never with tabs"),
        (
            "desk:\n  name:X\n  address: y\n",
            "s.yaml:3: has a colon where none can stand; write one name a line, with a",
        ),
        ("desk:\n  name: X\n address: y\n", "s.yaml:3: is indented unlike the lines that it belongs to; begin all"),
        (" desk:\n  name: x\nsend:\n", "s.yaml:3: is indented unlike the first line; begin all names"),
        ("a: 'x\nb: y\n", "s.yaml:1: opens a quote that is not closed; close it"),
        ("a: @x\n", "s.yaml:1: begins a value with a character that means something else in YAML; put the value"),
        ("a: *\n", "s.yaml:1: begins a value with * or &; put the value in quotes"),
        ("people: - name: x\n", "s.yaml:1: begins a list behind a name; write each - on a line of its own"),
        ("a: 1\n- b\n", "s.yaml:2: begins a list among names; indent the list"),
        ("a: 1\nb\nc: 2\n", "s.yaml:2: is no name with a value; write name: value, with a space after the colon"),
        ("a: 'x' y\n", "s.yaml:1: has something behind a closing quote; put the whole value in quotes"),
        ('a: "x\\d"\n', "s.yaml:1: holds a backslash in double quotes; write single quotes"),
        ("a: |x\n", "s.yaml:1: has something behind | or >; put the value in quotes"),
        (
            "desk:X\n",
            "s.yaml:1: holds no names; write names and values like desk: {name: Support}, with a space",
        ),
        ("a: x: y\n", "s.yaml:1: has a colon where none can stand; write one name a line"),
        ("a: 1\n---\nb: 2\n", "s.yaml:2: begins a second document; take the line --- away"),
        ("a: &x 1\nb: *x\n", "s.yaml:2: cannot be read: an alias (*) is not used here"),
        ("a: &x [*x]\n", "s.yaml:1: cannot be read: an alias (*) is not used here"),
        ("a:\n  " + "[" * 5000, "s.yaml:2: cannot be read: this is nested deeper than any setting"),
        ("a: '\0'\n", "s.yaml: holds characters that no text has"),
    ],
)
def test_what_is_no_yaml_is_refused_with_its_line(text: str, said: str) -> None:
    assert fault(text).startswith(said)


def test_a_tab_is_named() -> None:
    assert "indent with spaces, never with tabs" in fault("a:\n\tb: 2\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\nb: 2\na: 3\n", "s.yaml:3: a: stands twice, first in line 1; keep one"),
        ("a:\n  b: 1\n  c: 2\n  b: 3\n", "s.yaml:4: a.b: stands twice, first in line 2; keep one"),
        ("l:\n  - {x: 1, x: 2}\n", "s.yaml:2: l[0].x: stands twice, first in line 2; keep one"),
        ("a: !!python/object:os.system x\n", "s.yaml:1: a: has a tag"),
        ("a: !mine 5\n", "s.yaml:1: a: has a tag !mine; write the plain value"),
        ("a:\n  ? [1, 2]\n  : 3\n", "s.yaml:2: a: holds a name that is a list or map; write a plain name"),
    ],
)
def test_faults_of_writing_do_not_hide_the_rest(text: str, said: str) -> None:
    tree = parse(text, "s.yaml")
    assert [str(fault)[: len(said)] for fault in tree.faults] == [said]


def test_the_first_of_two_equal_names_is_kept() -> None:
    assert data("a: 1\na: 2\n") == {"a": 1}


def test_each_name_has_its_line() -> None:
    tree = parse("a:\n  b:\n    - x\n    - y: 1\n      z: 2\nc: 3\n", "s.yaml")
    lines = {dotted(name): place.line for name, place in tree.places.items() if name}
    assert lines == {"a": 1, "a.b": 2, "a.b[0]": 3, "a.b[1]": 4, "a.b[1].y": 4, "a.b[1].z": 5, "c": 6}
    assert str(tree.place(("a", "b", 1, "missing"))) == "s.yaml:4"
    assert str(tree.place(("nowhere",))) == "s.yaml"


SHIPPED = "m:\n  one: 1\n  two: 2\nl: [1, 2, 3]\ns: text\n"


@pytest.mark.parametrize(
    ("own", "merged"),
    [
        ("", {"m": {"one": 1, "two": 2}, "l": [1, 2, 3], "s": "text"}),
        ("m: {two: 5, three: 3}", {"m": {"one": 1, "two": 5, "three": 3}, "l": [1, 2, 3], "s": "text"}),
        ("l: [9]", {"m": {"one": 1, "two": 2}, "l": [9], "s": "text"}),
        ("m: {one: null}\ns:", {"m": {"two": 2}, "l": [1, 2, 3]}),
        ("m: none", {"m": "none", "l": [1, 2, 3], "s": "text"}),
        ("s: {a: 1}", {"m": {"one": 1, "two": 2}, "l": [1, 2, 3], "s": {"a": 1}}),
    ],
)
def test_maps_merge_all_else_replaces_and_null_takes_away(own: str, merged: dict[str, Any]) -> None:
    assert without_nulls(merge(parse(SHIPPED, "shipped"), parse(own, "own")).data) == merged


def test_each_value_is_blamed_on_the_file_that_holds_it() -> None:
    tree = merge(parse(SHIPPED, "shipped"), parse("\nl: [4]\nm: {two: 5}\n", "own"))
    where = {dotted(name): str(tree.place(name)) for name in [("m", "one"), ("m", "two"), ("l", 0), ("l", 2), ("s",)]}
    assert where == {"m.one": "shipped:2", "m.two": "own:3", "l[0]": "own:2", "l[2]": "own:2", "s": "shipped:5"}


def test_a_file_that_cannot_be_had(tmp_path: Path) -> None:
    for path, said in [
        (tmp_path / "none.yaml", "cannot be read: No such file or directory; write the path of a settings file"),
        (tmp_path, "cannot be read: Is a directory; make it readable"),
    ]:
        with pytest.raises(SettingsError) as raised:
            read(path)
        assert str(raised.value) == f"{path}: {said}"


def test_a_file_that_is_not_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_bytes("name: Müller\n".encode("latin-1"))
    with pytest.raises(SettingsError, match="is no text in UTF-8; save it in UTF-8"):
        read(path)


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(SettingsError):
        assert isinstance(parse(text, "s.yaml").data, dict)


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**17), 10**17) | st.text(st.characters(codec="ascii"), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text("abcxyz_", min_size=1, max_size=8), PLAIN, max_size=5))
def test_what_yaml_writes_quoted_is_read_the_same(value: dict[str, Any]) -> None:
    written = yaml.dump(value, Dumper=Careful)
    tree = parse(written, "s.yaml")
    assert tree.data == value
    assert not tree.faults


@given(
    st.dictionaries(st.text("abc", min_size=1), PLAIN, max_size=4), st.dictionaries(st.text("abc", min_size=1), PLAIN)
)
def test_laying_the_same_over_twice_changes_nothing(below: dict[str, Any], above: dict[str, Any]) -> None:
    shipped, own = (parse(yaml.dump(value, Dumper=Careful), name) for name, value in [("b", below), ("a", above)])
    once = merge(shipped, own)
    assert merge(once, own).data == once.data
    assert merge(shipped, parse("", "a")).data == shipped.data


class Careful(yaml.SafeDumper):
    """Quotes every text and uses no aliases."""

    def ignore_aliases(self, _: object) -> bool:
        return True


Careful.add_representer(str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"'))
