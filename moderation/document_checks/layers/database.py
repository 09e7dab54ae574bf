"""Do zone, print and form agree, is the person of age, and was the document here before?"""

from __future__ import annotations

from datetime import date

import numpy as np

from .. import hashing, mrz, names, ocr, places
from ..errors import NotAssessable
from ..evidence import Evidence
from ..images import Bytes
from ..mrz_reading import ZoneReading
from ..types import LayerResult, Reason

ADULT_YEARS = 18
NAME_MIN = 0.8
# Of the flat card: left, top, right, bottom. ISO/IEC 7810 leaves the place free; nearly all issuers chose this one.
_PORTRAITS = {"id_card": (0.03, 0.2, 0.36, 0.8), "licence": (0.03, 0.2, 0.36, 0.8), "passport": (0.02, 0.14, 0.33, 0.7)}
_HAS_ZONE = {"passport"}


class _Findings:
    def __init__(self) -> None:
        self.reasons: list[Reason] = []
        self.vetoes: list[str] = []
        self.is_whole = True

    def add(self, code: str, points: int, *, fields: list[str] | None = None, veto: str = "") -> None:
        values = {"fields": ", ".join(fields)} if fields else {}
        self.reasons.append(Reason(code=code, points=points, values=values))
        if veto and veto not in self.vetoes:
            self.vetoes.append(veto)

    def unknown(self, code: str) -> None:
        self.is_whole = False
        self.reasons.append(Reason(code=code))

    def result(self) -> LayerResult:
        score = min(sum(reason.points for reason in self.reasons), 20)
        return LayerResult(
            score=score, reasons=tuple(self.reasons), assessable=self.is_whole, vetoes=tuple(self.vetoes)
        )


def assess(*, evidence: Evidence) -> LayerResult:
    """Points and vetoes. What could not be read or searched leaves the layer unknown, whatever else it found."""
    findings = _Findings()
    _form(evidence, findings)
    zone = _zone(evidence, findings)
    _text(evidence, zone, findings)
    _duplicates(evidence, zone, findings)
    return findings.result()


def age(*, born_on: date, today: date) -> int:
    """Completed years."""
    return today.year - born_on.year - ((today.month, today.day) < (born_on.month, born_on.day))


def _form(evidence: Evidence, findings: _Findings) -> None:
    declared, today = evidence.inputs.declared, evidence.inputs.today
    if age(born_on=declared.born_on, today=today) < ADULT_YEARS:
        findings.add("under_age", 20, veto="under_age")
    if declared.expires_on and declared.expires_on < today:
        findings.add("expired", 15)


def _zone(evidence: Evidence, findings: _Findings) -> mrz.Zone | None:
    """The zone where it was read with certainty: a misread letter must not accuse anybody."""
    declared, today = evidence.inputs.declared, evidence.inputs.today
    try:
        reading = evidence.reading
    except NotAssessable as error:
        findings.unknown(error.code)
        return None
    if reading is None and declared.document_class not in _HAS_ZONE:
        return None  # licences and some cards have none on this side
    if reading is None or not reading.is_certain:
        findings.unknown("mrz_not_read")
        return None
    zone = reading.zone
    if zone.wrong_digits:
        findings.add("mrz_check_digit", 20, fields=list(zone.wrong_digits), veto="mrz_check_digit")
    born, expires = zone.born_on(today=today), zone.expires_on(today=today)
    if born and age(born_on=born, today=today) < ADULT_YEARS:
        findings.add("under_age", 20, veto="under_age")
    if expires and expires < today and not (declared.expires_on and declared.expires_on < today):
        findings.add("expired", 15)
    differing = _differing(zone, evidence)
    if differing:
        findings.add("mrz_form_differs", min(8 + 4 * len(differing), 20), fields=differing)
    return zone


def _differing(zone: mrz.Zone, evidence: Evidence) -> list[str]:
    declared, today = evidence.inputs.declared, evidence.inputs.today
    name = f"{declared.given_names} {declared.family_names}"
    found = {
        "name": bool(name.strip()) and names.similarity(one=name, other=zone.name) < NAME_MIN,
        "birth": zone.born_on(today=today) != declared.born_on,
        "number": bool(declared.document_number)
        and names.folded(declared.document_number) != names.folded(zone.number),
        "expiry": bool(declared.expires_on) and zone.expires_on(today=today) != declared.expires_on,
        "country": bool(declared.document_country)
        and bool(places.alpha2(zone.issuer))
        and places.alpha2(zone.issuer) != declared.document_country,
    }
    return [field for field, differs in found.items() if differs]


def _text(evidence: Evidence, zone: mrz.Zone | None, findings: _Findings) -> None:
    declared, today = evidence.inputs.declared, evidence.inputs.today
    try:
        text = evidence.text
    except NotAssessable as error:
        # Without OCR the zone alone speaks; what has no zone either was not read at all.
        if zone is None or error.code != "text_not_read" or evidence.settings.tesseract:
            findings.unknown(error.code)
        return
    # The zone is text too, and would confirm itself.
    printed = "\n".join(line for line in text.splitlines() if "<" not in line and "«" not in line)
    dates = ocr.dates(text=printed)
    if len(dates) == 0 or len(printed) < 40:
        findings.unknown("text_not_read")
        return
    wrong = ["birth"] if _digits_apart(dates, declared.born_on, today) else []
    if declared.expires_on and declared.expires_on not in dates and any(one > today for one in dates):
        wrong.append("expiry")
    if wrong:
        # One digit may be a misreading as well: it is worth less than another date.
        is_near = wrong == ["birth"] and _digits_apart(dates, declared.born_on, today) == 1
        findings.add("text_form_differs", 8 if is_near else 8 + 4 * len(wrong), fields=wrong)
    if zone:
        _zone_and_text(zone, dates, today, findings)


def _zone_and_text(zone: mrz.Zone, dates: set[date], today: date, findings: _Findings) -> None:
    """What is printed against the zone: whoever alters a print seldom works out the zone and its check digits anew."""
    born, until = zone.born_on(today=today), zone.expires_on(today=today)
    if born and (apart := _digits_apart(dates, born, today)):
        findings.add("mrz_text_differs", 8 if apart == 1 else 12, fields=["birth"])
    ends = [one for one in dates if one > today]
    if until and ends and until not in dates:
        apart = min(_differing_digits(one, until) for one in ends)
        findings.add("mrz_text_differs", 8 if apart == 1 else 12, fields=["expiry"])


def _digits_apart(dates: set[date], born: date, today: date) -> int:
    """How far the card's nearest possible birth is from this one: 0 where it is there, or no birth was read at all."""
    if born in dates:
        return 0
    births = [one for one in dates if 14 <= age(born_on=one, today=today) <= 110]
    return min((_differing_digits(one, born) for one in births), default=0)


def _differing_digits(one: date, other: date) -> int:
    return sum(a != b for a, b in zip(one.isoformat(), other.isoformat(), strict=True))


def _duplicates(evidence: Evidence, zone: mrz.Zone | None, findings: _Findings) -> None:
    inputs = evidence.inputs
    if inputs.lookup is None:
        findings.unknown("lookup_missing")
        return
    number = names.folded(zone.number if zone else inputs.declared.document_number)
    if number:
        name = names.folded(f"{inputs.declared.given_names} {inputs.declared.family_names}")
        # As the document says it: a form may leave its country empty.
        country = (places.alpha2(zone.issuer) if zone else "") or inputs.declared.document_country
        uses = inputs.lookup.number_uses(country=country, number=number, name=name)
        if any(not use.is_same_person for use in uses):
            findings.add("number_used", 20, veto="duplicate_document")
        if any(not use.is_same_name for use in uses):
            findings.add("number_other_name", 20, veto="duplicate_document")
    else:
        findings.unknown("mrz_not_read")
    try:
        portrait, strip = pictures(evidence=evidence)
    except NotAssessable as error:
        findings.unknown(error.code)
        return
    is_portrait_used = bool(inputs.lookup.portraits_like(picture_hash=portrait))
    is_strip_used = strip is not None and bool(inputs.lookup.number_fields_like(picture_hash=strip))
    if is_portrait_used:
        findings.add("portrait_used", 15)
    if is_strip_used:
        findings.add("zone_used", 10)
    # Two pictures of one card: each alone may be chance, both are not.
    if is_portrait_used and is_strip_used:
        findings.vetoes.append("duplicate_document")
        findings.vetoes = list(dict.fromkeys(findings.vetoes))


def pictures(*, evidence: Evidence) -> tuple[int, int | None]:
    """The perceptual hashes that are kept of a document: portrait, and number in the zone (None without one)."""
    reading, flat = evidence.reading, evidence.flat
    height, width = flat.shape[:2]
    left, top, right, bottom = _PORTRAITS[evidence.inputs.declared.document_class]
    portrait = flat[int(top * height) : int(bottom * height), int(left * width) : int(right * width)]
    strip = _number_field(flat, reading) if reading is not None and reading.is_certain else None
    return hashing.perceptual(rgb=np.ascontiguousarray(portrait)), strip


def _number_field(flat: Bytes, reading: ZoneReading) -> int:
    left, top, right, bottom = (round(value) for value in reading.number_field)
    return hashing.perceptual(rgb=np.ascontiguousarray(flat[top:bottom, left:right]))
