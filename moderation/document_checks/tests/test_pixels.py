from __future__ import annotations

import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from moderation.document_checks import heat, moire, pixel_features, pixel_model
from moderation.document_checks.errors import NotAssessable
from moderation.document_checks.evaluation import attacks, cameras, channels, metrics, templates
from moderation.document_checks.images import PIXELS_MAX, decode
from moderation.document_checks.layers import pixels

from .cards import ID_CARD, codes, evidence, person, shot


def drawn():
    return templates.draw(ID_CARD, person())


def test_the_corners_of_a_card_are_found():
    found = evidence().card
    assert np.abs(found.corners - shot().corners).max() < 6


def test_no_card_no_finding():
    noise = np.random.default_rng(1).integers(0, 255, (700, 700, 3), dtype=np.uint8)
    out = BytesIO()
    Image.fromarray(noise).save(out, "JPEG")
    result = pixels.assess(evidence=evidence(document=out.getvalue()))
    assert (result.assessable, "card_not_found" in codes(result)) == (False, True)


def test_a_genuine_card_scores_little_and_shows_a_heat_map():
    result = pixels.assess(evidence=evidence())
    assert result.assessable
    assert result.score <= 5
    shown = Image.open(BytesIO(result.heat_map))
    assert (shown.format, shown.width) == ("PNG", 1000)


def test_a_retyped_value_is_the_oddest_part_of_the_card():
    forged = attacks.retyped(shot(), drawn(), np.random.default_rng(5))
    found = evidence(document=channels.edited(forged.rgb, np.random.default_rng(5)))
    parts = pixel_features.measure(picture=found.picture, card=found.card)
    logits = pixel_model.logits(pixel_model.model()["fine"]["text"], parts.text_rows)
    left, top, right, bottom = parts.texts[int(np.argmax(logits))]
    box = [value * 1000 / templates.WIDTH for value in forged.boxes[0]]
    assert left < box[2]
    assert right > box[0]
    assert top < box[3]
    assert bottom > box[1]


def test_a_picture_of_a_print_has_peaks_that_a_card_has_not():
    # Of screens the detector finds a part only: `manage.py eval_documents` says how many.
    again = attacks.printed(cameras.CAMERAS[0], drawn(), np.random.default_rng(3))
    limit = pixel_model.model()["moire"]
    assert moire.peak(picture=decode(data=shot().file)) < limit < moire.peak(picture=decode(data=again.file))


def test_a_small_picture_has_no_peak():
    out = BytesIO()
    Image.fromarray(shot().rgb).resize((320, 240)).save(out, "JPEG")
    assert moire.peak(picture=decode(data=out.getvalue())) == 0


def test_odd_parts_are_red_and_others_grey():
    flat = np.full((200, 300, 3), 200, dtype=np.uint8)
    data = heat.draw(
        flat=flat, boxes=((20, 20, 80, 60), (200, 100, 260, 140)), logits=np.array([4.0, -4.0], dtype=np.float32)
    )
    shown = np.asarray(Image.open(BytesIO(data)), dtype=int)
    assert shown[40, 50, 0] - shown[40, 50, 2] > 60
    assert shown[120, 230, 0] == shown[120, 230, 2]


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"\xff\xd8\xff\xe0", b"<svg/>"], ids=["empty", "gif", "cut", "svg"])
def test_what_is_no_picture_is_not_assessable(data):
    with pytest.raises(NotAssessable):
        decode(data=data)


def test_a_picture_too_large_is_refused_before_it_is_decoded():
    side = int(PIXELS_MAX**0.5) + 100
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    data = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    with pytest.raises(NotAssessable):
        decode(data=data)


def test_the_points_begin_where_genuine_cards_end():
    limits = {"genuine": 0.5, "certain": 1.0}
    assert pixels.points_of(probability=0.5, **limits) == 0
    assert pixels.points_of(probability=0.75, **limits) == 2  # 2.5, to the even one: these are exact in binary
    assert pixels.points_of(probability=1.0, **limits) == 5


def test_the_rates_are_those_of_the_standard():
    assert metrics.auc(genuine=[0, 1], attacks=[2, 3]) == 1
    assert metrics.auc(genuine=[1, 1], attacks=[1, 1]) == 0.5
    genuine, forged = list(range(100)), [50, 97, 98, 99]
    assert metrics.apcer_at(genuine=genuine, attacks=forged) == 0.25
    assert metrics.bpcer_at(genuine=genuine, attacks=forged) == 0.5


def test_a_regression_finds_what_there_is_to_find():
    rng = np.random.default_rng(2)
    rows = rng.normal(0, 1, (400, 3)).astype(np.float32)
    labels = (rows[:, 1] > 0).astype(np.float32)
    logits = pixel_model.linear(pixel_model.fit(rows, labels, ridge=0.01), rows)
    assert metrics.auc(genuine=logits[labels == 0], attacks=logits[labels == 1]) > 0.99
