"""Books of rules: what a broken file is answered with, how rules are judged, that every rule has words."""

from __future__ import annotations

import shutil

import pytest
import yaml
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from security import checks, fraud_rules, fraud_words, rule_books
from security.fraud_rules import get_book
from security.fraud_selectors import NAMES
from security.rule_books import BLOCK, REVIEW, BrokenBook, load

GOOD = {
    "version": 1,
    "actions": {"review": 30, "step_up": 60, "block": 90},
    "rules": {
        "first": {"weight": 40, "when": {"n": {"min": 2}}, "pattern": "thieves"},
        "second": {"weight": 35, "when": {"n": {"min": 2, "below": 9}, "is_odd": True}, "at": ["till"]},
        "third": {"weight": 0, "when": {"is_odd": False}, "veto": True},
    },
}


def write(folder, **changes):
    (folder / "test.yaml").write_text(yaml.safe_dump({**GOOD, **changes}))
    return load(name="test", features=["n", "is_odd"], doors=["till"], folder=folder)


def rule(**fields):
    return {"rules": {"a_rule": {"weight": 1, "when": {"n": {"min": 1}}, **fields}}}


@pytest.mark.parametrize(
    ("features", "door", "score", "action", "codes"),
    [
        ({"n": 1, "is_odd": True}, "till", 0, "allow", []),
        ({"n": 2, "is_odd": True}, "till", 75, "step_up", ["first", "second"]),
        ({"n": 2, "is_odd": True}, "", 40, "review", ["first"]),
        ({"n": 9, "is_odd": True}, "till", 40, "review", ["first"]),
        ({"n": 2, "is_odd": False}, "till", 100, "block", ["third", "first"]),
        ({"n": None, "is_odd": None}, "till", 0, "allow", []),
        ({}, "till", 0, "allow", []),
    ],
)
def test_a_book_adds_what_holds_and_a_veto_decides_alone(tmp_path, features, door, score, action, codes):
    judged = write(tmp_path).judge(features, door=door)
    assert (judged.score, judged.action, [row["code"] for row in judged.reasons]) == (score, action, codes)


def test_a_door_that_cannot_ask_for_proof_does_the_next_milder_thing(tmp_path):
    judged = write(tmp_path).judge({"n": 2, "is_odd": True}, door="till", can=(REVIEW, BLOCK))
    assert (judged.score, judged.action, judged.pattern) == (75, "review", "thieves")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"version": 0}, "version"),
        ({"version": "1"}, "version"),
        ({"rules": {}}, "rules"),
        ({"more": 1}, "more"),
        ({"actions": {"review": 101}}, "actions/review"),
        ({"actions": {"review": 90, "block": 30}}, "stricter"),
        ({"actions": {"kill": 30}}, "kill"),
        (rule(weight=-1), "weight"),
        (rule(weight=101), "weight"),
        (rule(when={}), "when"),
        (rule(when={"n": {"least": 1}}), "when"),
        (rule(when={"n": "many"}), "when"),
        (rule(when={"nn": {"min": 1}}), "no such feature: nn"),
        (rule(at=["window"]), "no such door: window"),
        (rule(words="x"), "words"),
        ({"rules": {"Bad Code": {"weight": 1, "when": {"n": {"min": 1}}}}}, "Bad Code"),
    ],
)
def test_a_broken_book_is_refused_in_words(tmp_path, changes, words):
    with pytest.raises(BrokenBook, match=words):
        write(tmp_path, **changes)


@pytest.mark.parametrize("text", ["rules: [", "", "- 1", "a: &a [*a]", "!!python/object/apply:os.getcwd []"])
def test_what_is_no_book_at_all_is_refused_and_runs_nothing(tmp_path, text):
    (tmp_path / "test.yaml").write_text(text)
    with pytest.raises(BrokenBook):
        load(name="test", features=[], folder=tmp_path)
    with pytest.raises(BrokenBook):
        load(name="missing", features=[], folder=tmp_path)


def test_the_check_of_the_project_fails_for_a_broken_book_and_for_a_rule_without_words(tmp_path, monkeypatch):
    assert checks.check_books() == []
    for path in rule_books.FOLDER.glob("*.yaml"):
        shutil.copy(path, tmp_path)
    monkeypatch.setattr(rule_books, "FOLDER", tmp_path)
    book = yaml.safe_load((tmp_path / "fraud.yaml").read_text())
    book["rules"]["speechless"] = {"weight": 1, "when": {"n_disputes": {"min": 1}}}
    (tmp_path / "fraud.yaml").write_text(yaml.safe_dump(book))
    assert [error.id for error in checks.check_books()] == ["security.E002"]
    (tmp_path / "fraud.yaml").write_text("version: 1")
    with pytest.raises(SystemCheckError, match=r"fraud\.yaml"):
        call_command("check")


def test_every_rule_of_fraud_has_words_that_can_be_filled_and_a_known_pattern():
    book = get_book()
    assert {one.code for one in book.rules} == set(fraud_words.sentences())
    assert {one.pattern for one in book.rules} <= set(fraud_words.patterns())
    assert {door for one in book.rules for door in one.at} == set(fraud_rules.DOORS)
    for features in ({}, dict.fromkeys(NAMES, 0.25), dict.fromkeys(NAMES)):
        for one in book.rules:
            assert "%(" not in fraud_words.sentence(code=one.code, features=features)
    assert fraud_words.sentence(code="of_an_older_book", features={}) == "of_an_older_book"
    shares = {"top_payer_share": 0.75, "earned_centi": 250_000}
    assert fraud_words.sentence(code="one_payer", features=shares) == "One person brought 75 % of 2,500 credits"
