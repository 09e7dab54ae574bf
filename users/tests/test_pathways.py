"""Every way into an account is known and written down (ASVS 6.1.3, 6.3.4): the source against docs/sign-in.md."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
APPS = ("pairly", "security", "users", "credits", "profiles", "messaging", "payments", "moderation")
# Functions that start a sign-in or give out what proves one, by the module they are in.
STARTING = {
    "sessions": {"start_session"},
    "entrance": {"enter"},
    "browser_sessions": {"attach"},
    "tokens": {"issue"},
    "access_tokens": {"issue"},
    "auth": {"login", "alogin"},
}
ROW = re.compile(r"^\| `([\w/]+\.py)` \| `([\w.]+)` \| `(\w+\.\w+)` \|$", re.MULTILINE)

Way = tuple[str, str, str]


class _Finder(ast.NodeVisitor):
    """Collects (function, call) of a module; what was imported by name or under another name is recognised too."""

    def __init__(self) -> None:
        self.found: set[tuple[str, str]] = set()
        self._names: dict[str, str] = {}
        self._around: list[str] = []

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._names[alias.asname or alias.name.split(".")[0]] = alias.name.split(".")[-1]

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        module = (node.module or "").split(".")[-1]
        for alias in node.names:
            known = alias.name in STARTING.get(module, ())
            self._names[alias.asname or alias.name] = f"{module}.{alias.name}" if known else alias.name

    def visit_ClassDef(self, node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._around.append(node.name)
        self.generic_visit(node)
        self._around.pop()

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef  # noqa: N815

    def visit_Name(self, node: ast.Name) -> None:
        """A function that was imported by its name, called or handed on."""
        self._note(self._names.get(node.id, ""))

    def visit_Attribute(self, node: ast.Attribute) -> None:
        base = node.value
        if isinstance(base, ast.Name):
            self._note(f"{self._names.get(base.id, base.id)}.{node.attr}")
        elif isinstance(base, ast.Attribute):
            self._note(f"{base.attr}.{node.attr}")
        self.generic_visit(node)

    def _note(self, name: str) -> None:
        module, _, function = name.partition(".")
        if function in STARTING.get(module, ()):
            self.found.add((".".join(self._around), name))


def _find_in(source: str) -> set[tuple[str, str]]:
    finder = _Finder()
    # Imports first: one at the bottom of a function counts for the whole module.
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            finder.visit(node)
    finder.visit(tree)
    return finder.found


def _list_sources() -> Iterator[Path]:
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            parts = path.relative_to(ROOT).parts
            if not {"tests", "migrations"} & set(parts) and parts[:2] != ("pairly", "testing"):
                yield path


def _list_ways() -> set[Way]:
    return {
        (str(path.relative_to(ROOT)), function, call)
        for path in _list_sources()
        for function, call in _find_in(path.read_text())
    }


def test_every_call_that_starts_a_sign_in_is_in_the_documentation() -> None:
    documented = set(ROW.findall((ROOT / "docs" / "sign-in.md").read_text()))
    found = _list_ways()
    missing = "\n".join(f"| `{where}` | `{who}` | `{what}` |" for where, who, what in sorted(found - documented))
    assert found - documented == set(), f"docs/sign-in.md lacks:\n{missing}"
    assert documented - found == set(), "docs/sign-in.md lists what is gone"


def test_the_search_sees_through_names() -> None:
    source = """
from django.contrib import auth as people
from django.contrib.auth import login as let_in
from users.services import entrance
from users.services.sessions import start_session

def one(): people.login(request, user)
def two(): let_in(request, user)
async def three(): await run(entrance.enter, user=user)
def four(): return start_session(user=user)
def five(): users.services.tokens.issue(started=started)
def six(): return tokens.refresh, forms.enter(), auth.logout(request)
"""
    assert _find_in(source) == {
        ("one", "auth.login"),
        ("two", "auth.login"),
        ("three", "entrance.enter"),
        ("four", "sessions.start_session"),
        ("five", "tokens.issue"),
    }
