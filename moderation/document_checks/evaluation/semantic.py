"""Flawless pictures of cards, or forms, with wrong contents: through the whole check, as a submission would be."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from ..check import check_document
from ..types import CheckSettings, Declared, Inputs, Lookalike, NumberUse, Report
from . import cameras, channels, people, templates
from .people import Person
from .templates import Template


@dataclass(frozen=True, slots=True)
class Earlier:
    """What the search for duplicates finds."""

    uses: tuple[NumberUse, ...] = ()

    def number_uses(self, *, country: str, number: str, name: str) -> list[NumberUse]:
        return list(self.uses)

    def portraits_like(self, *, picture_hash: int) -> list[Lookalike]:
        return []

    def number_fields_like(self, *, picture_hash: int) -> list[Lookalike]:
        return []


@dataclass(frozen=True, slots=True)
class Tried:
    """One submission, its report and how long it took."""

    kind: str
    report: Report
    seconds: float

    @property
    def score(self) -> int:
        """The total; a veto counts as the most there is."""
        return 100 if self.report.vetoes else self.report.total


Case = tuple[str, dict[str, str], list[str] | None, Declared, Earlier]


def tried(*, people_each: int, seed: int, settings: CheckSettings) -> Iterator[Tried]:
    """Genuine cards, also saved again, and each kind of wrong contents, on cameras that training never saw."""
    for number, camera in enumerate(cameras.CAMERAS):
        if not camera.is_held_out:
            continue
        for at, template in enumerate(templates.TEMPLATES):
            for n in range(people_each):
                rng = np.random.default_rng([seed, number, at, n, 7])
                person = people.invent(rng)
                for kind, changed, zone, declared, lookup in _cases(template, person):
                    drawn = templates.draw(template, person, changed=changed, zone=zone)
                    data = cameras.photograph(camera, drawn.rgb, rng).file
                    yield _checked(kind, data, declared, lookup, settings)
                    if kind == "genuine":
                        again = channels.send(data, "resaved")
                        yield _checked("genuine_resaved", again, declared, lookup, settings)


def _checked(kind: str, data: bytes, declared: Declared, lookup: Earlier, settings: CheckSettings) -> Tried:
    inputs = Inputs(
        document=data,
        selfie=b"",
        declared=declared,
        uploaded_hash=hashlib.sha256(data).digest(),
        today=people.TODAY,
        ip_country=declared.country,
        lookup=lookup,
        chain=lambda _: "verified",
    )
    begun = time.perf_counter()
    report = check_document(inputs=inputs, settings=settings)
    return Tried(kind, report, time.perf_counter() - begun)


def _cases(template: Template, person: Person) -> list[Case]:
    declared = person.declared(document_class=template.document_class)
    written = replace(declared, given_names=declared.family_names, family_names=declared.given_names)
    none = Earlier()
    born = person.born_on.replace(year=person.born_on.year - 9, day=min(person.born_on.day, 28))
    print_of = {"birth": born.strftime(template.date_style).upper()}
    until = person.expires_on + timedelta(days=1500)
    used = Earlier((NumberUse(is_same_person=False, is_same_name=True),))
    cases: list[Case] = [
        ("genuine", {}, None, written, none),
        ("print_birth", print_of, None, replace(declared, born_on=born), none),
        ("other_person", {}, None, replace(declared, given_names="Walter", family_names="Quinn"), none),
        ("other_birth", {}, None, replace(declared, born_on=date(1969, 3, 4)), none),
        (
            "print_expiry",
            {"expiry": until.strftime(template.date_style).upper()},
            None,
            replace(declared, expires_on=until),
            none,
        ),
        ("number_reused", {}, None, declared, used),
    ]
    if template.form:
        lines = templates.zone_of(template, person)
        row, place = (1, 0) if template.form == "TD1" else (1, 13)
        digits = born.strftime("%y%m%d")
        wrong = list(lines)
        wrong[row] = lines[row][:place] + digits + lines[row][place + 6 :]
        forged = replace(person, born_on=born)
        cases += [
            ("zone_digits", print_of, wrong, replace(declared, born_on=born), none),
            ("zone_rewritten", {}, templates.zone_of(template, forged), replace(declared, born_on=born), none),
        ]
    return cases
