"""The layers of metadata, chain and geography."""

from __future__ import annotations

import hashlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from moderation.document_checks import containers, ip_data, places, runner
from moderation.document_checks.evaluation import cameras, channels
from moderation.document_checks.evaluation.exif_blocks import exif_block
from moderation.document_checks.layers import chain, exif, geography
from moderation.document_checks.types import CheckSettings

from .cards import Ips, codes, evidence, shot

TAKEN = "2026:05:03 10:00:00"


def picture(
    *,
    make="Samsung",
    changed=TAKEN,
    taken=TAKEN,
    digitised=TAKEN,
    software="",
    size=(1200, 900),
    thumbnail=b"",
    position=None,
    quality=95,
):
    texts = {0x010F: make, 0x0132: changed} | ({0x0131: software} if software else {})
    block = exif_block(
        texts=texts,
        inner={0x9003: taken, 0x9004: digitised, 0xA002: (size[0],), 0xA003: (size[1],)},
        position=position,
        thumbnail=thumbnail,
    )
    out = BytesIO()
    Image.fromarray(shot().rgb).save(out, "JPEG", quality=quality, exif=block)
    return out.getvalue()


def small(rgb):
    out = BytesIO()
    Image.fromarray(rgb).resize((160, 120)).save(out, "JPEG")
    return out.getvalue()


def segment(data, marker, body):
    return data[:2] + bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2, "big") + body + data[2:]


def test_a_camera_file_finds_nothing():
    result = exif.assess(evidence=evidence())
    assert (result.score, result.assessable) == (0, True)


@pytest.mark.parametrize("camera", cameras.CAMERAS, ids=lambda camera: camera.name)
def test_no_camera_of_the_set_scores_and_a_resave_moves_little(camera):
    data = cameras.encode(camera, shot().rgb, np.random.default_rng(3))
    assert exif.assess(evidence=evidence(document=data)).score == 0
    assert exif.assess(evidence=evidence(document=channels.send(data, "resaved"))).score <= 5


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"software": "Adobe Photoshop 25.0"}, "editor_named"),
        ({"taken": "2026:05:05 10:00:00", "digitised": "2026:05:05 10:00:00"}, "dates_disordered"),
        ({"taken": "2031:05:05 10:00:00", "digitised": "2031:05:05 10:00:00", "changed": ""}, "date_in_future"),
        ({"changed": "2026:05:03 11:00:00"}, "saved_later"),
        ({"make": "Apple"}, "tables_unlike_make"),
        ({"size": (4000, 3000)}, "size_differs"),
    ],
)
def test_each_contradiction_is_found(given, code):
    assert codes(exif.assess(evidence=evidence(document=picture(**given)))) == {code}


def test_the_preview_of_another_picture_is_found_and_its_own_is_not():
    own = picture(thumbnail=small(shot().rgb))
    assert containers.metadata(own).thumbnail
    assert exif.assess(evidence=evidence(document=own)).score == 0
    other = picture(thumbnail=small(np.ascontiguousarray(shot(seed=12).rgb[:, ::-1])))
    assert codes(exif.assess(evidence=evidence(document=other))) == {"thumbnail_differs"}


def test_editors_traces_without_a_name_are_found():
    data = segment(picture(), 0xED, b"Photoshop 3.0\x008BIM")
    assert codes(exif.assess(evidence=evidence(document=data))) == {"editor_traces"}


@pytest.mark.parametrize(
    ("claim", "code"),
    [
        (b"c2pa.created", "manifest_present"),
        (b"c2pa.edited", "manifest_edited"),
        (b"c2pa.created digitalSourceType/trainedAlgorithmicMedia", "manifest_generated"),
    ],
)
def test_a_c2pa_manifest_is_seen(claim, code):
    data = segment(picture(), 0xEB, b"JP\x00\x01\x00\x00\x00\x01\x00\x00\x01\x00jumbjumdc2pa" + claim)
    assert codes(exif.assess(evidence=evidence(document=data))) == {code}


def test_the_word_alone_is_no_manifest():
    data = segment(picture(), 0xFE, b"c2pa.edited jumb")
    assert exif.assess(evidence=evidence(document=data)).reasons == ()


def test_what_a_messenger_left_is_unknown_and_not_clean():
    data = channels.send(shot().file, "messenger")
    found = runner.run(layers={"exif": lambda: exif.assess(evidence=evidence(document=data))}, seconds=60)["exif"]
    assert (found.score, found.assessable, codes(found)) == (0, False, {"no_metadata"})


@pytest.mark.parametrize("cut", range(0, 900, 37))
def test_broken_files_make_nothing_fall_over(cut):
    data = picture(thumbnail=small(shot().rgb))
    for broken in (data[:cut], data[:cut] + b"\xff" * 40 + data[cut + 40 :]):
        containers.metadata(broken)
        containers.manifest(containers.read(broken))


# -- chain --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("state", "score", "assessable", "code"),
    [
        ("verified", 0, True, None),
        ("missing", 10, True, "entry_missing"),
        ("wrong", 10, True, "entry_wrong"),
    ],
)
def test_the_entry_of_the_log_counts(state, score, assessable, code):
    seen = []
    result = chain.assess(evidence=evidence(chain=lambda file_hash: seen.append(file_hash) or state))
    assert (result.score, result.assessable) == (score, assessable)
    assert codes(result) == ({code} if code else set())
    assert seen == [hashlib.sha256(shot().file).digest()]


def test_a_file_that_was_changed_after_the_upload_is_found_without_asking_the_log():
    result = chain.assess(evidence=evidence(uploaded_hash=b"\x00" * 32, chain=None))
    assert (result.score, codes(result)) == (10, {"file_changed"})


@pytest.mark.parametrize(
    ("given", "code"),
    [(None, "chain_missing"), (lambda _: "waiting", "chain_waiting"), (lambda _: "?", "chain_missing")],
)
def test_no_word_of_the_log_is_unknown(given, code):
    with pytest.raises(chain.NotAssessable) as caught:
        chain.assess(evidence=evidence(chain=given))
    assert caught.value.code == code


# -- geography ----------------------------------------------------------------------------------------------
def test_one_country_everywhere_finds_nothing():
    result = geography.assess(evidence=evidence(card_country="", bank_country=""))
    assert (result.score, result.assessable) == (0, True)


def test_each_other_country_scores_up_to_ten():
    result = geography.assess(
        evidence=evidence(ip_country="BR", card_country="US", bank_country="LT", form={"country": "GB"})
    )
    assert codes(result) == {
        "ip_country_differs",
        "card_country_differs",
        "bank_country_differs",
        "declared_country_differs",
    }
    assert result.score == 10


def test_a_hosting_network_scores_though_the_country_fits():
    settings = CheckSettings(ip_data=Ips(country="DE", network="HETZNER-AS", is_hosting=True))
    found = evidence(
        settings=settings, ip_country="", ip_address="1.2.3.4", form={"document_country": "DE", "country": "DE"}
    )
    assert codes(geography.assess(evidence=found)) == {"hosting_network"}


def test_without_the_addresss_country_it_is_unknown():
    result = geography.assess(evidence=evidence(ip_country=""))
    assert (result.assessable, codes(result)) == (False, {"places_unknown"})


def test_the_pictures_position_is_a_country():
    data = picture(position=(-33.45, -70.66))
    found = evidence(document=data, form={"document_country": "CL", "country": "CL"}, ip_country="CL")
    assert geography.assess(evidence=found).score == 0
    found = evidence(document=data, form={"document_country": "SE", "country": "SE"}, ip_country="SE")
    assert codes(geography.assess(evidence=found)) == {"gps_country_differs"}


@pytest.mark.parametrize(("at", "country"), [((52.5, 13.4), "DE"), ((28.6, 77.2), "IN"), ((-45.0, -140.0), "")])
def test_a_point_is_in_the_country_of_the_nearest_city(at, country):
    assert places.country_at(latitude=at[0], longitude=at[1]) == country


def test_the_file_of_addresses_knows_countries_and_networks():
    facts = ip_data.FileIpData().facts(ip_address="8.8.8.8")
    assert (facts.country, "google" in facts.network.lower()) == ("US", True)
    assert ip_data.FileIpData().facts(ip_address="2a01:4f8::1").is_hosting is True
    for address in ("10.0.0.1", "127.0.0.1", "::1", "nonsense", ""):
        assert ip_data.FileIpData().facts(ip_address=address).country == ""
