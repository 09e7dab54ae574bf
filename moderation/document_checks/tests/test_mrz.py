from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.document_checks import mrz, names

# The specimens of ICAO Doc 9303, parts 4, 5 and 6.
TD3 = ["P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"]
TD2 = ["I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<", "D231458907UTO7408122F1204159<<<<<<<6"]
TD1 = ["I<UTOD231458907<<<<<<<<<<<<<<<", "7408122F1204159UTO<<<<<<<<<<<6", "ERIKSSON<<ANNA<MARIA<<<<<<<<<<"]
TODAY = date(2026, 6, 1)


@pytest.mark.parametrize(
    ("lines", "form", "number"), [(TD3, "TD3", "L898902C3"), (TD2, "TD2", "D23145890"), (TD1, "TD1", "D23145890")]
)
def test_the_specimens_of_icao_are_read_and_right(lines, form, number):
    zone = mrz.parse(lines=lines)
    assert zone is not None
    assert (zone.form, zone.number, zone.wrong_digits) == (form, number, ())
    assert (zone.family_names, zone.given_names, zone.issuer) == ("ERIKSSON", "ANNA MARIA", "UTO")
    assert zone.born_on(today=TODAY) == date(1974, 8, 12)
    assert zone.expires_on(today=TODAY) == date(2012, 4, 15)


ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
NAMES = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1, max_size=9)
DATES = st.dates(date(1930, 1, 1), date(2025, 12, 31)).map(lambda day: day.strftime("%y%m%d"))


@st.composite
def zones(draw):
    form = draw(st.sampled_from(list(mrz.FORMS)))
    return form, mrz.compose(
        form=form,
        code="P" if form == "TD3" else "I",
        issuer=draw(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=3, max_size=3)),
        number=draw(st.text(ALPHABET, min_size=5, max_size=9)),
        names=(draw(NAMES), draw(NAMES)),
        birth=draw(DATES),
        sex="F",
        expiry=draw(DATES),
    )


@given(zones())
def test_what_is_composed_is_read_back_with_right_digits(made):
    form, lines = made
    zone = mrz.parse(lines=lines)
    assert zone is not None
    assert (zone.form, zone.wrong_digits) == (form, ())
    assert lines == mrz.compose(
        form=form, code=zone.document_code, issuer=zone.issuer, number=zone.number,
        names=(zone.family_names, zone.given_names), birth=zone.birth, sex=zone.sex, expiry=zone.expiry,
        nationality=zone.nationality,
    )  # fmt: skip


@given(zones(), st.integers(0, 5), st.integers(1, 9), st.booleans())
def test_one_other_digit_in_a_date_is_always_noticed(made, place, add, is_birth):
    form, lines = made
    begin = {"TD1": 0, "TD2": 13, "TD3": 13}[form] + (0 if is_birth else 8) + place
    line = lines[1]
    changed = [lines[0], f"{line[:begin]}{(int(line[begin]) + add) % 10}{line[begin + 1 :]}", *lines[2:]]
    zone = mrz.parse(lines=changed)
    assert zone is not None
    assert {"birth" if is_birth else "expiry", "composite"} & set(zone.wrong_digits)


@given(st.lists(st.text(max_size=50), max_size=4))
def test_no_text_makes_it_fall_over(lines):
    mrz.parse(lines=lines)
    mrz.find(text="\n".join(lines))


def test_a_zone_is_found_within_other_text():
    text = "UTOPIA\nPASSPORT 12 AUG 1974\n" + TD3[0].replace("<<<<", "< <<<") + "\n" + TD3[1] + "\n"
    zone = mrz.find(text=text)
    assert zone is not None
    assert zone.number == "L898902C3"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Дмитрий Иванов", "IVANOV DMITRII"),
        ("Jürgen Müller", "MUELLER JUERGEN"),
        ("J. Müller", "MULLER JURGEN"),
        ("Anna Maria Eriksson", "ERIKSSON ANNA"),
        ("Łucja Żółć", "ZOLC LUCJA"),
        ("Mary-Jane O'Neil", "ONEIL MARY JANE"),
        ("Γιώργος Παπαδόπουλος", "PAPADOPOULOS GIORGOS"),
        ("Dr. Priya Sharma", "SHARMA PRIYA"),
        ("Bartholomew Featherstonehaugh-Cholmondeley", "FEATHERSTONEHAUGH CHOLMOND BARTHOLOMEW"),
    ],
)
def test_one_persons_name_is_known_in_other_scripts_orders_and_initials(one, other):
    assert names.similarity(one=one, other=other) >= 0.8
    assert names.similarity(one=other, other=one) >= 0.8


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Anna Eriksson", "DUBOIS CHLOE"),
        ("Anna Eriksson", "ERIKSSON BORIS"),
        ("A. E.", "ERIKSSON ANNA"),
        ("", "ERIKSSON ANNA"),
        ("Иван Петров", "SMITH JOHN"),
    ],
)
def test_another_name_is_another_name(one, other):
    assert names.similarity(one=one, other=other) < 0.8
