"""Test cards before test cameras, and a check's inputs around them."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import cache

import numpy as np

from moderation.document_checks.evaluation import cameras, people, templates
from moderation.document_checks.evidence import Evidence
from moderation.document_checks.types import CheckSettings, Inputs, IpFacts, Lookalike, NumberUse

OFFLINE = CheckSettings(vision="offline", tesseract="", layer_seconds=60)
ID_CARD, PASSPORT, LICENCE = templates.TEMPLATES[0], templates.TEMPLATES[2], templates.TEMPLATES[3]


@cache
def person(seed=11):
    return people.invent(np.random.default_rng(seed))


@cache
def shot(template=ID_CARD, seed=11, zone=None, changed=()):
    drawn = templates.draw(template, person(seed), zone=list(zone) if zone else None, changed=dict(changed))
    return cameras.photograph(cameras.CAMERAS[0], drawn.rgb, np.random.default_rng(seed))


class Lookup:
    """Earlier documents: nothing, or what a test says."""

    def __init__(self, *, uses=(), portraits=(), zones=()):
        self.uses, self.portraits, self.zones, self.asked = list(uses), list(portraits), list(zones), []

    def number_uses(self, *, country, number, name) -> list[NumberUse]:
        self.asked.append((country, number, name))
        return self.uses

    def portraits_like(self, *, picture_hash) -> list[Lookalike]:
        self.asked.append(("portrait", picture_hash))
        return self.portraits

    def number_fields_like(self, *, picture_hash) -> list[Lookalike]:
        self.asked.append(("zone", picture_hash))
        return self.zones


class Ips:
    def __init__(self, **facts):
        self._facts = IpFacts(**facts)

    def facts(self, *, ip_address):
        return self._facts


def inputs(*, template=ID_CARD, seed=11, document=None, **changed):
    data = shot(template, seed).file if document is None else document
    declared = person(seed).declared(document_class=template.document_class)
    given = {
        "document": data,
        "selfie": b"",
        "declared": declared,
        "uploaded_hash": hashlib.sha256(data).digest(),
        "today": people.TODAY,
        "ip_country": declared.country,
        "lookup": Lookup(),
        "chain": lambda _: "verified",
    }
    fields = changed.pop("form", {})
    given["declared"] = replace(declared, **fields)
    return Inputs(**{**given, **changed})


def evidence(*, settings=OFFLINE, **changed):
    return Evidence(inputs=inputs(**changed), settings=settings)


def codes(result):
    return {reason.code for reason in result.reasons}
