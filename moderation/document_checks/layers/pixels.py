"""Was the photograph altered, or is it one of a screen or print? Never by one error level for the whole picture."""

from __future__ import annotations

import numpy as np

from .. import heat, moire, pixel_features, pixel_model
from ..errors import NotAssessable
from ..evidence import Evidence
from ..types import LayerResult, Reason

# The model puts a third of genuine cards of cameras that it never saw above its limit, and other cards when a file is
# saved again: alone it is worth little, and its heat map shows a person where to look.
_FIELDS_MAX = 5
_MARGIN = 0.35  # how much further than the training's genuine pictures a peak has to stand out for all the points


def assess(*, evidence: Evidence) -> LayerResult:
    """Points by the model's probability beyond what genuine cards reach, and by a grid's peak; a heat map."""
    reasons = []
    beyond = (moire.peak(picture=evidence.picture) - pixel_model.model()["moire"]) / _MARGIN
    if beyond > 0:
        reasons.append(Reason(code="screen_pattern", points=min(8 + round(12 * beyond), 20)))
    try:
        card = evidence.card
        parts = pixel_features.measure(picture=evidence.picture, card=card)
    except NotAssessable as error:
        # A grid found without a card is still a finding; the rest stays unknown.
        reasons.append(Reason(code=error.code))
        return LayerResult(score=sum(reason.points for reason in reasons), reasons=tuple(reasons), assessable=False)
    judged = pixel_model.judge(parts=parts)
    points = points_of(probability=judged.probability, genuine=judged.genuine, certain=judged.certain)
    if points:
        reasons.append(Reason(code="field_unlike_siblings", points=points))
    boxes = (*parts.texts, parts.portrait_box)
    logits = np.append(judged.text_logits, np.float32(judged.face_logit))
    return LayerResult(
        score=min(sum(reason.points for reason in reasons), 20),
        reasons=tuple(reasons),
        assessable=True,
        heat_map=heat.draw(flat=card.rgb, boxes=boxes, logits=logits),
    )


def points_of(*, probability: float, genuine: float, certain: float) -> int:
    """0 up to what 90 % of the training's genuine cards stay below, then rising in a line to _FIELDS_MAX."""
    return round(_FIELDS_MAX * min(max((probability - genuine) / max(certain - genuine, 1e-3), 0), 1))
