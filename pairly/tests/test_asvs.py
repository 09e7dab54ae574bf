"""docs/security.md against the code: what it claims is checked by a test that exists, what it lists is complete."""

from __future__ import annotations

import ast
import csv
import re
from collections import Counter
from datetime import timedelta
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings

from users import password_validators

from .test_asvs_code import product_files

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = (ROOT / "docs" / "security.md").read_text()
TEST = re.compile(r"`([\w/]+/test_\w+\.py)::(test_\w+)`")
ROW = re.compile(r"^\| (V\d+\.\d+\.\d+) \| (\d) \| (.+) \| (.+) \|$", re.M)
UNDECIDED = ("open", "not applicable")


def section(title):
    """The text below a heading of the second level."""
    return DOCUMENT[DOCUMENT.index(f"\n## {title}\n") :].split("\n## ")[1]


def rows(text, n_columns):
    """The rows of the tables of a text with so many columns, but for their heads."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in cells if len(row) == n_columns]


@cache
def functions_of(name):
    """The test functions of a file, also those of its classes; none of a file that there is not."""
    path = ROOT / name
    if not path.is_file():
        return frozenset()
    nodes = ast.walk(ast.parse(path.read_text()))
    return frozenset(node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def list_missing(text):
    """The tests that a text names and that are not there."""
    return [f"{name}::{test}" for name, test in TEST.findall(text) if test not in functions_of(name)]


def requirements():
    with (ROOT / "docs" / "asvs.csv").open() as file:
        return {row["id"]: row for row in csv.DictReader(file)}


def test_every_test_that_is_named_is_there():
    assert len(TEST.findall(DOCUMENT)) > 200
    assert list_missing(DOCUMENT) == []


def test_a_test_that_is_not_there_is_found():
    name = "pairly/tests/test_asvs.py"
    assert list_missing(f"`{name}::test_a_test_that_is_not_there_is_found`") == []
    assert list_missing(f"`{name}::test_nothing`") == [f"{name}::test_nothing"]
    assert list_missing("`pairly/tests/test_nowhere.py::test_x`") == ["pairly/tests/test_nowhere.py::test_x"]


def test_every_requirement_that_applies_has_one_row():
    known = requirements()
    assert Counter(row["level"] for row in known.values()) == {"1": 70, "2": 183, "3": 92}
    listed = Counter(found[0] for found in ROW.findall(DOCUMENT))
    assert [name for name, n in listed.items() if n > 1] == []
    needed = {name for name, row in known.items() if row["applies"] == "y" and row["level"] in "12"}
    assert needed - set(listed) == set()
    assert {known[name]["applies"] for name in listed} == {"y"}
    assert {known[name]["level"] for name in set(listed) - needed} == {"3"}
    assert [name for name, level, _how, _check in ROW.findall(DOCUMENT) if known[name]["level"] != level] == []


def test_a_row_names_its_tests_or_says_what_is_missing():
    wrong = []
    for name, _level, how, check in ROW.findall(DOCUMENT):
        tests = TEST.findall(check)
        rest = TEST.sub("", check).replace("<br>", "").strip()
        is_verified = bool(tests) and not rest
        is_undecided = check in UNDECIDED and len(how) > 15
        wrong += [] if is_verified or is_undecided else [name]
    assert wrong == []


def test_the_counts_are_those_of_the_rows():
    states = Counter(
        (level, check if check in UNDECIDED else "verified") for _n, level, _h, check in ROW.findall(DOCUMENT)
    )
    head = section("Requirements of OWASP ASVS 5.0").split("\n### ")[0]
    counted = {row[0]: [int(cell) for cell in row[1:]] for row in rows(head, 5) if row[0].isdigit()}
    assert set(counted) == {"1", "2"}
    for level, (n_all, *n_states) in counted.items():
        assert n_states == [states[level, state] for state in ("verified", *UNDECIDED)]
        assert n_all == sum(n_states)


def test_an_experiment_and_a_probe_name_a_test_or_are_open():
    for title in ("What stock parts get wrong", "Experiments"):
        found = [row for row in rows(section(title), 3) if row[0] not in ("probe", "id")]
        assert len(found) > 20
        assert [row[0] for row in found if not TEST.search(row[2]) and not row[2].startswith("open")] == []


def test_the_rules_across_fields_have_tests():
    found = [row for row in rows(section("Rules across fields"), 2) if row[0] != "rule"]
    assert len(found) >= 10
    assert [rule for rule, check in found if not TEST.search(check)] == []


# -- numbers --------------------------------------------------------------------------------------------------
def value_of(name):
    """What a dotted name stands for: a setting, or something of a module."""
    path, _, rest = name.partition(".")
    if path == "settings":
        found, parts = settings, rest.split(".")
    else:
        app, module, *parts = name.split(".")
        found = import_module(f"{app}.{module}")
    for part in parts:
        found = found[part] if isinstance(found, dict) else getattr(found, part)
    return found


def as_text(value):
    match value:
        case timedelta():
            return f"{value.total_seconds() / 3600:g} h"
        case tuple():
            return " ".join(value)
        case float():
            return f"{value:g}"
    return str(value)


def test_the_limits_are_those_of_the_settings():
    listed = [row for title in ("Business limits", "What costs much", "Files") for row in numbered(section(title))]
    assert len(listed) > 20
    assert [name for name, value in listed if as_text(value_of(name)) != value] == []


def numbered(text):
    return re.findall(r"\| `([\w.]+)` \| ([^|]+?) \|$", text, re.M)


def test_the_words_that_passwords_may_not_rest_on_are_listed():
    listed = re.findall(r"`(\w+)`", section("Words that passwords may not rest on"))
    assert tuple(listed) == password_validators._CONTEXT


# -- inventories ------------------------------------------------------------------------------------------------
CRYPTO = (
    *("hashlib", "hmac", "secrets", "ssl", "jwt", "bcrypt", "argon2", "cryptography", "webauthn", "nacl", "Crypto"),
    *("django.utils.crypto", "django.contrib.auth.hashers", "django.core.signing", "django_otp.oath"),
)


def uses_cryptography(source):
    for node in ast.walk(ast.parse(source)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
        if any(name == known or name.startswith(f"{known}.") for name in names for known in CRYPTO):
            return True
    return "os.urandom" in source


def test_the_inventory_names_every_place_of_cryptography():
    listed = set(re.findall(r"`([\w/]+\.py)`", section("Cryptography")))
    makes_demo = "pairly/demo/"  # people of the demo, made with the Python client
    found = {name for name, path in product_files().items() if uses_cryptography(path.read_text())}
    assert {name for name in found if not name.startswith(makes_demo)} - listed == set()
    assert listed - found == set()


@pytest.mark.parametrize(
    ("source", "is_found"),
    [
        ("import hashlib", True),
        ("from cryptography.hazmat.primitives import hashes", True),
        ("from django.utils.crypto import salted_hmac", True),
        ("import os\nos.urandom(3)", True),
        ("from .secrets import x", False),
        ("from django.utils import timezone", False),
    ],
)
def test_the_search_for_cryptography_sees(source, is_found):
    assert uses_cryptography(source) is is_found


def test_every_model_has_its_class():
    listed = [name for row in rows(section("What is kept about people"), 3) for name in re.findall(r"\w+\.\w+", row[1])]
    assert [name for name, n in Counter(listed).items() if n > 1] == []
    assert set(listed) == {model._meta.label for model in apps.get_models()}
