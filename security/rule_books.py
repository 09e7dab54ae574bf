"""Books of rules: weights and conditions as data (`rules/*.yaml`), checked against a schema and the known features
before the first of them decides anything.

A rule holds where everything in its `when` does: `true` or `false` for a flag, `min`, `below` or `max` for a number.
What is not known (None) fulfils nothing; a feature that counts against somebody when it is not known says so itself.
A rule with `veto` decides alone: the action is `block`, whatever the score. `at` names the doors at which it speaks.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema_rs
import yaml

FOLDER = Path(__file__).parent / "rules"
ALLOW, REVIEW, STEP_UP, BLOCK = "allow", "review", "step_up", "block"
_SCORE = {"type": "integer", "minimum": 1, "maximum": 100}
_NUMBER = {
    "type": "object",
    "properties": {"min": {"type": "number"}, "below": {"type": "number"}, "max": {"type": "number"}},
    "additionalProperties": False,
    "minProperties": 1,
}
_RULE = {
    "type": "object",
    "properties": {
        "weight": {"type": "integer", "minimum": 0, "maximum": 100},
        "when": {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": {"anyOf": [{"type": "boolean"}, _NUMBER]},
        },
        "at": {"type": "array", "items": {"type": "string"}, "minItems": 1, "uniqueItems": True},
        "pattern": {"type": "string", "pattern": "^[a-z_]{1,24}$"},
        "veto": {"type": "boolean"},
    },
    "required": ["weight", "when"],
    "additionalProperties": False,
}
SCHEMA = {
    "type": "object",
    "properties": {
        "version": {"type": "integer", "minimum": 1},
        "actions": {
            "type": "object",
            "properties": {REVIEW: _SCORE, STEP_UP: _SCORE, BLOCK: _SCORE},
            "additionalProperties": False,
            "minProperties": 1,
        },
        "rules": {
            "type": "object",
            "propertyNames": {"pattern": "^[a-z_]{1,40}$"},
            "additionalProperties": _RULE,
            "minProperties": 1,
        },
    },
    "required": ["version", "actions", "rules"],
    "additionalProperties": False,
}


class BrokenBook(ValueError):
    """A file of rules that must not decide anything: what is wrong with it, in words for who wrote it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Adds `weight` to the score where it applies."""

    code: str
    weight: int
    when: Mapping[str, bool | Mapping[str, float]]
    at: frozenset[str]
    pattern: str
    is_veto: bool

    def applies(self, features: Mapping[str, Any]) -> bool:
        """Whether everything it asks for is so."""
        return all(_holds(wanted, features.get(name)) for name, wanted in self.when.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """Score (0 to 100), action, and the rules that spoke, the heaviest first. A veto weighs 100 in the score."""

    score: int
    action: str
    rules: tuple[Rule, ...]

    @property
    def reasons(self) -> list[dict[str, Any]]:
        """As they are kept: `{"code", "weight"}`, a veto marked."""
        return [{"code": r.code, "weight": r.weight, **({"veto": True} if r.is_veto else {})} for r in self.rules]

    @property
    def pattern(self) -> str:
        """What it looks like: the pattern with the most weight, "" where no rule names one."""
        sums: dict[str, int] = {}
        for rule in self.rules:
            if rule.pattern:
                sums[rule.pattern] = sums.get(rule.pattern, 0) + (100 if rule.is_veto else rule.weight)
        return max(sums, key=lambda name: sums[name], default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """One file: the lowest score of each action, strictest first, and the rules in the order of the file."""

    name: str
    version: int
    actions: tuple[tuple[int, str], ...]
    rules: tuple[Rule, ...]

    def judge(
        self, features: Mapping[str, Any], *, door: str = "", can: Collection[str] = (REVIEW, STEP_UP, BLOCK)
    ) -> Judgement:
        """What the rules of `door` say ("" for rules that name none and books without doors). An action that this door
        cannot take (`can`) becomes the next milder one."""
        asked = [rule for rule in self.rules if not rule.at or door in rule.at]
        spoken = sorted((rule for rule in asked if rule.applies(features)), key=lambda r: (not r.is_veto, -r.weight))
        has_veto = any(rule.is_veto for rule in spoken)
        score = 100 if has_veto else min(100, sum(rule.weight for rule in spoken))
        action = next((taken for least, taken in self.actions if score >= least and taken in can), ALLOW)
        return Judgement(score=score, action=action, rules=tuple(spoken))


def load(*, name: str, features: Collection[str], doors: Collection[str] = (), folder: Path = FOLDER) -> Book:
    """The book `rules/<name>.yaml`. Raises BrokenBook for what is no YAML, breaks the schema, or names a feature or
    a door that nobody knows."""
    path = folder / f"{name}.yaml"
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        problem = next(iter(jsonschema_rs.Draft202012Validator(SCHEMA).iter_errors(data)), None)
    except (OSError, ValueError, yaml.YAMLError) as error:  # ValueError: no UTF-8, or a file that contains itself
        raise BrokenBook(f"{path.name}: {error}") from error
    if problem is not None:
        place = "/".join(map(str, problem.instance_path)) or "the file"
        raise BrokenBook(f"{path.name}: {place}: {problem.message}")
    book = _book(name, data)
    for rule in book.rules:
        _require_known(path.name, rule.code, "feature", rule.when, features)
        _require_known(path.name, rule.code, "door", rule.at, doors)
    return book


def _book(name: str, data: Mapping[str, Any]) -> Book:
    rules = tuple(
        Rule(
            code=code,
            weight=row["weight"],
            when=row["when"],
            at=frozenset(row.get("at", ())),
            pattern=row.get("pattern", ""),
            is_veto=row.get("veto", False),
        )
        for code, row in data["rules"].items()
    )
    actions = sorted(((least, action) for action, least in data["actions"].items()), reverse=True)
    strictness = [action for _least, action in actions]
    if strictness != [action for action in (BLOCK, STEP_UP, REVIEW) if action in strictness]:
        raise BrokenBook(f"{name}.yaml: actions: a stricter one must begin at a higher score")
    return Book(name=name, version=data["version"], actions=tuple(actions), rules=rules)


def _require_known(file: str, code: str, what: str, named: Collection[str], known: Collection[str]) -> None:
    unknown = sorted(set(named) - set(known))
    if unknown:
        raise BrokenBook(f"{file}: rules/{code}: no such {what}: {', '.join(unknown)}")


_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "min": lambda value, bound: value >= bound,
    "below": lambda value, bound: value < bound,
    "max": lambda value, bound: value <= bound,
}


def _holds(wanted: bool | Mapping[str, float], value: Any) -> bool:
    if value is None:
        return False
    if isinstance(wanted, bool):
        return value is wanted
    return all(_COMPARISONS[how](value, bound) for how, bound in wanted.items())
