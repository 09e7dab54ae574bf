"""Do the countries fit together: of the document, the address, the form, the picture, the card and the bank?"""

from __future__ import annotations

from .. import places
from ..evidence import Evidence
from ..ip_data import FileIpData
from ..types import IpFacts, LayerResult, Reason

# People move, travel and hold accounts abroad: only several together, or a hosting network with one, say much.
_POINTS = {"ip_country": 3, "declared_country": 3, "gps_country": 2, "card_country": 3, "bank_country": 3}
_HOSTING_POINTS = 4


def assess(*, evidence: Evidence) -> LayerResult:
    """Points for each country that is another than the document's. Unknown without the address's or the document's."""
    inputs = evidence.inputs
    facts = _facts(evidence)
    document = inputs.declared.document_country
    found = {
        "ip_country": inputs.ip_country or facts.country,
        "declared_country": inputs.declared.country,
        "gps_country": _gps_country(evidence),
        "card_country": inputs.card_country,
        "bank_country": inputs.bank_country,
    }
    reasons = [
        Reason(code=f"{name}_differs", points=_POINTS[name], values={"found": country, "document": document})
        for name, country in found.items()
        if country and document and country != document
    ]
    if facts.is_hosting:
        reasons.append(Reason(code="hosting_network", points=_HOSTING_POINTS, values={"network": facts.network}))
    is_known = bool(document and found["ip_country"])
    if not is_known:
        reasons.append(Reason(code="places_unknown"))
    return LayerResult(
        score=min(sum(reason.points for reason in reasons), 10), reasons=tuple(reasons), assessable=is_known
    )


def _facts(evidence: Evidence) -> IpFacts:
    if not evidence.inputs.ip_address:
        return IpFacts()
    return (evidence.settings.ip_data or FileIpData()).facts(ip_address=evidence.inputs.ip_address)


def _gps_country(evidence: Evidence) -> str:
    position = evidence.metadata.position
    return places.country_at(latitude=position[0], longitude=position[1]) if position else ""
