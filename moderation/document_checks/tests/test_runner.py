from __future__ import annotations

import threading

import pytest

from moderation.document_checks import check, reasons, runner
from moderation.document_checks.errors import NotAssessable
from moderation.document_checks.types import MAXIMA, LayerResult, Reason

from .cards import OFFLINE, codes, inputs

FINE = LayerResult(score=3, reasons=(), assessable=True)


@pytest.fixture
def hanging():
    """A layer that hangs until the test is over."""
    gate = threading.Event()
    begun = threading.Event()

    def work():
        begun.set()
        gate.wait()
        return FINE

    work.begun, work.gate = begun, gate
    yield work
    gate.set()


def test_a_layer_that_hangs_is_left_behind_and_delays_no_other(hanging):
    # That this call comes back at all, with the gate still shut, is the proof.
    found = runner.run(layers={"exif": lambda: FINE, "pixels": hanging, "chain": lambda: FINE}, seconds=2)
    assert hanging.begun.is_set()
    assert not hanging.gate.is_set()
    assert (found["exif"].score, found["chain"].score) == (3, 3)
    assert not found["pixels"].assessable
    assert codes(found["pixels"]) == {"timed_out"}


def test_control_who_waits_for_its_thread_waits_for_ever(hanging):
    thread = threading.Thread(target=hanging, daemon=True)
    thread.start()
    thread.join(timeout=0.5)
    assert thread.is_alive()


def test_a_layer_that_computes_for_ever_is_left_behind_too():
    is_over = threading.Event()

    def busy():
        while not is_over.is_set():
            sum(range(1000))
        return FINE

    try:
        found = runner.run(layers={"exif": busy, "chain": lambda: FINE}, seconds=2)
        assert codes(found["exif"]) == {"timed_out"}
        assert found["chain"].score == 3
    finally:
        is_over.set()


def test_so_many_may_hang_and_then_none_is_begun(hanging):
    runner.run(layers={"pixels": hanging}, seconds=0.05)
    found = runner.run(layers={"exif": lambda: FINE}, seconds=60, room=1)
    assert codes(found["exif"]) == {"busy"}
    assert not found["exif"].assessable
    assert runner.run(layers={"exif": lambda: FINE}, seconds=60)["exif"].assessable


def test_a_defect_of_a_layer_makes_it_unknown_and_nothing_else():
    def broken():
        raise ZeroDivisionError

    def nothing_there():
        raise NotAssessable("no_metadata")

    found = runner.run(layers={"exif": nothing_there, "pixels": broken, "chain": lambda: FINE}, seconds=60)
    assert codes(found["exif"]) == {"no_metadata"}
    assert codes(found["pixels"]) == {"failed"}
    assert [name for name, part in found.items() if part.assessable] == ["chain"]


def test_no_layer_scores_beyond_its_share():
    too_much = LayerResult(score=99, reasons=(), assessable=True)
    found = runner.run(layers=dict.fromkeys(MAXIMA, lambda: too_much), seconds=60)
    assert {name: part.score for name, part in found.items()} == dict(MAXIMA)
    assert sum(MAXIMA.values()) == 100


CLEAN = LayerResult(score=0, reasons=(), assessable=True)


def test_only_where_all_looked_and_nothing_was_found_it_is_clean():
    report = check.summed(parts=dict.fromkeys(MAXIMA, CLEAN), suspect_from=30)
    assert report.is_clean
    assert (report.total, report.unknown, report.vetoes) == (0, (), ())


@pytest.mark.parametrize("name", MAXIMA)
def test_one_unknown_layer_is_never_clean(name):
    parts = {**dict.fromkeys(MAXIMA, CLEAN), name: runner.unknown(code="timed_out")}
    report = check.summed(parts=parts, suspect_from=30)
    assert report.unknown == (name,)
    assert not report.is_clean
    del parts[name]
    assert not check.summed(parts=parts, suspect_from=30).is_clean


def test_a_veto_stands_beside_the_sum():
    vetoed = LayerResult(score=0, reasons=(), assessable=True, vetoes=("under_age",))
    report = check.summed(parts={**dict.fromkeys(MAXIMA, CLEAN), "database": vetoed}, suspect_from=30)
    assert (report.total, report.vetoes, report.is_clean) == (0, ("under_age",), False)


def test_a_report_of_nonsense_is_unknown_throughout_and_no_exception():
    report = check.check_document(inputs=inputs(document=b"\xff\xd8\xff nonsense"), settings=OFFLINE)
    assert {"exif", "pixels", "vision", "database"} <= set(report.unknown)
    assert not report.is_clean


def test_a_hung_search_for_duplicates_costs_its_layer_alone(hanging):
    class Hung:
        number_uses = portraits_like = number_fields_like = staticmethod(lambda **_: hanging())

    found = runner.run(
        layers={"database": lambda: Hung().number_uses(country="", number="", name=""), "chain": lambda: FINE},
        seconds=2,
    )
    assert codes(found["database"]) == {"timed_out"}
    assert found["chain"].assessable


def test_every_reason_has_a_text_that_takes_its_values():
    every = dict.fromkeys(("name", "fields", "signs", "found", "document", "network"), "x")
    for code in reasons.TEXTS:
        assert reasons.text(reason=Reason(code=code, values=every))
