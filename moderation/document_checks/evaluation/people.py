"""Invented people for test cards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from ..types import Declared, DocumentClass

TODAY = date(2026, 6, 1)
GIVEN = ("Anna", "Dmitri", "Lucía", "Jürgen", "Priya", "Omar", "Sofia", "Kenji", "Marek", "Chloé", "Tunde", "Ingrid")
FAMILY = (
    "Kowalska",
    "Ivanov",
    "García",
    "Müller",
    "Sharma",
    "Haddad",
    "Rossi",
    "Tanaka",
    "Novak",
    "Dubois",
    "Okoye",
    "Berg",
)
COUNTRIES = ("DE", "ES", "IN", "FR", "IT", "PL", "NG", "SE")


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """Who a card is issued to. `face` seeds the portrait."""

    given: str
    family: str
    born_on: date
    expires_on: date
    number: str
    country: str
    sex: str
    face: int

    def declared(self, *, document_class: DocumentClass) -> Declared:
        return Declared(
            given_names=self.given,
            family_names=self.family,
            born_on=self.born_on,
            document_class=document_class,
            document_country=self.country,
            country=self.country,
            document_number=self.number,
            expires_on=self.expires_on,
        )


def invent(rng: np.random.Generator) -> Person:
    """An adult with a document that holds."""
    letters, digits = "CDFGHJKLMNPRTVWXYZ", "0123456789"
    number = "".join(rng.choice(list(letters), 2)) + "".join(rng.choice(list(digits), 7))
    return Person(
        given=str(rng.choice(GIVEN)),
        family=str(rng.choice(FAMILY)),
        born_on=TODAY - timedelta(days=int(rng.integers(19 * 366, 60 * 365))),
        expires_on=TODAY + timedelta(days=int(rng.integers(60, 3400))),
        number=number,
        country=str(rng.choice(COUNTRIES)),
        sex=str(rng.choice(["F", "M"])),
        face=int(rng.integers(1 << 30)),
    )
