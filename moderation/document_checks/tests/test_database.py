from __future__ import annotations

from dataclasses import replace
from datetime import date
from io import BytesIO

import pytest
from PIL import Image, ImageFilter

from moderation.document_checks import hashing, mrz_reading
from moderation.document_checks.evaluation import channels, templates
from moderation.document_checks.layers import database
from moderation.document_checks.types import Lookalike, NumberUse

from .cards import ID_CARD, LICENCE, OFFLINE, PASSPORT, Lookup, codes, evidence, person, shot

NOT_READ = {"text_not_read"}


def zone(**changed):
    """The card's zone with some characters otherwise: line and place to text."""
    lines = templates.zone_of(ID_CARD, person())
    for at, text in changed.items():
        line, place = (int(part) for part in at.strip("_").split("_"))
        lines[line] = lines[line][:place] + text + lines[line][place + len(text) :]
    return tuple(lines)


def test_a_genuine_card_is_read_and_finds_nothing():
    found = evidence()
    assert found.reading.lines == zone()
    result = database.assess(evidence=found)
    assert (result.score, result.vetoes, result.assessable) == (0, (), True)


def test_a_passport_is_read_too_and_a_licence_has_no_zone():
    assert evidence(template=PASSPORT).reading.lines == tuple(templates.zone_of(PASSPORT, person()))
    licence = database.assess(evidence=evidence(template=LICENCE))
    assert (licence.score, licence.vetoes, licence.assessable) == (0, (), False)


def test_a_card_upside_down_is_read():
    turned = mrz_reading.read(flat=evidence().card.rgb[::-1, ::-1].copy())
    assert turned.is_upside_down
    assert turned.lines == zone()


def changed_birth():
    born = person().born_on
    return f"{(born.year + 11) % 100:02d}"


def test_a_wrong_check_digit_is_a_veto():
    forged = shot(zone=zone(_1_0_=changed_birth())).file
    result = database.assess(evidence=evidence(document=forged))
    assert result.vetoes == ("mrz_check_digit",)
    assert {"mrz_check_digit", "mrz_form_differs"} <= codes(result)
    assert result.score == 20


def test_a_zone_that_is_hard_to_read_accuses_nobody():
    out = BytesIO()
    Image.fromarray(shot().rgb).filter(ImageFilter.GaussianBlur(5)).save(out, "JPEG", quality=60)
    result = database.assess(evidence=evidence(document=out.getvalue()))
    assert (result.vetoes, result.assessable) == ((), False)


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"given_names": "Wolfgang", "family_names": "Petersen"}, "name"),
        ({"born_on": date(1971, 2, 3)}, "birth"),
        ({"document_number": "XX1234567"}, "number"),
        ({"expires_on": date(2033, 1, 1)}, "expiry"),
        ({"document_country": "US"}, "country"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_form_that_says_otherwise_than_the_zone_scores(form, field):
    result = database.assess(evidence=evidence(form=form))
    [reason] = [one for one in result.reasons if one.code == "mrz_form_differs"]
    assert field in reason.values["fields"]
    assert result.score >= 12


@pytest.mark.parametrize(
    ("born_on", "is_veto"), [(date(2008, 6, 1), False), (date(2008, 6, 2), True), (date(2020, 1, 1), True)]
)
def test_under_18_by_the_form_is_a_veto(born_on, is_veto):
    result = database.assess(evidence=evidence(form={"born_on": born_on}))
    assert ("under_age" in result.vetoes) is is_veto


def test_under_18_by_the_zone_is_a_veto_whatever_the_form_says():
    lines = templates.mrz.compose(
        form="TD1", code="ID", issuer="FRA", number=person().number, names=("A", "B"), birth="100101", sex="F",
        expiry="300101",
    )  # fmt: skip
    result = database.assess(evidence=evidence(document=shot(zone=tuple(lines)).file))
    assert "under_age" in result.vetoes


def test_an_expired_document_scores():
    result = database.assess(evidence=evidence(form={"expires_on": date(2026, 5, 31)}))
    assert "expired" in codes(result)


@pytest.mark.parametrize(
    ("lookup", "found", "vetoes"),
    [
        (Lookup(uses=[NumberUse(is_same_person=True, is_same_name=True)]), set(), ()),
        (Lookup(uses=[NumberUse(is_same_person=False, is_same_name=True)]), {"number_used"}, ("duplicate_document",)),
        (
            Lookup(uses=[NumberUse(is_same_person=True, is_same_name=False)]),
            {"number_other_name"},
            ("duplicate_document",),
        ),
        (Lookup(portraits=[Lookalike(distance=2)]), {"portrait_used"}, ()),
        (Lookup(zones=[Lookalike(distance=2)]), {"zone_used"}, ()),
        (
            Lookup(portraits=[Lookalike(distance=2)], zones=[Lookalike(distance=0)]),
            {"portrait_used", "zone_used"},
            ("duplicate_document",),
        ),
    ],
)
def test_what_was_here_before_is_found(lookup, found, vetoes):
    result = database.assess(evidence=evidence(lookup=lookup))
    assert codes(result) == found
    assert result.vetoes == vetoes


def test_the_search_gets_the_zones_number_and_the_forms_name_folded():
    lookup = Lookup()
    database.assess(evidence=evidence(lookup=lookup, form={"document_number": ""}))
    assert lookup.asked[0] == (
        person().country,
        person().number,
        database.names.folded(person().given + person().family),
    )


def test_without_a_search_it_is_unknown():
    result = database.assess(evidence=evidence(lookup=None))
    assert (result.assessable, codes(result)) == (False, {"lookup_missing"})


def test_a_program_that_is_not_there_reads_nothing_and_that_is_unknown():
    settings = replace(OFFLINE, tesseract="/nonexistent/tesseract")
    result = database.assess(evidence=evidence(settings=settings))
    assert (result.assessable, codes(result)) == (False, NOT_READ)


def read_by(tmp_path, text):
    """A program in tesseract's place that answers with `text`."""
    program = tmp_path / "reader"
    program.write_text(f"#!/bin/sh\ncat > /dev/null\ncat <<'END'\n{text}\nEND\n")
    program.chmod(0o755)
    return replace(OFFLINE, tesseract=str(program))


def test_printed_text_is_held_against_form_and_zone(tmp_path):
    born, expires = person().born_on, person().expires_on
    right = f"IDENTITY CARD OF SOMEBODY, FIRST DAY\n{born:%d.%m.%Y}\nHOLDS UNTIL {expires:%d.%m.%Y}"
    result = database.assess(evidence=evidence(settings=read_by(tmp_path, right)))
    assert (result.score, result.assessable) == (0, True)
    other = right.replace(f"{born:%d.%m.%Y}", "14.07.1948")
    result = database.assess(evidence=evidence(settings=read_by(tmp_path, other)))
    assert {"text_form_differs", "mrz_text_differs"} == codes(result)
    # The form follows the print, the zone does not.
    result = database.assess(evidence=evidence(settings=read_by(tmp_path, other), form={"born_on": date(1948, 7, 14)}))
    assert {"mrz_form_differs", "mrz_text_differs"} == codes(result)


def test_an_expiry_that_is_printed_otherwise_than_in_the_zone_is_told_whether_the_form_asks_for_it_or_not(tmp_path):
    born, expires = person().born_on, person().expires_on
    longer = expires.replace(year=expires.year + 4)
    text = f"IDENTITY CARD OF SOMEBODY, FIRST DAY\n{born:%d.%m.%Y}\nHOLDS UNTIL {longer:%d.%m.%Y}"
    for form in ({}, {"expires_on": None}, {"expires_on": longer}):
        result = database.assess(evidence=evidence(settings=read_by(tmp_path, text), form=form))
        [reason] = [one for one in result.reasons if one.code == "mrz_text_differs"]
        assert reason.values["fields"] == "expiry"


def test_a_perceptual_hash_stays_through_a_channel_and_differs_between_people():
    one, zone_hash = database.pictures(evidence=evidence())
    again, zone_again = database.pictures(evidence=evidence(document=channels.send(shot().file, "messenger")))
    other, other_zone = database.pictures(evidence=evidence(seed=12))
    assert hashing.distance(one, again) <= hashing.NEAR < hashing.distance(one, other)
    assert hashing.distance(zone_hash, zone_again) <= hashing.NEAR < hashing.distance(zone_hash, other_zone)


def test_bands_are_the_hash_in_four():
    assert hashing.bands(0x0001_0002_0003_FFFF) == (1, 2, 3, 0xFFFF)
