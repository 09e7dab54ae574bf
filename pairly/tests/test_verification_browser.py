"""A verification in real browsers: a creator's narrow one sends two pictures, a reviewer decides by keys alone."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from datetime import timedelta

import pytest
from django.conf import settings
from PIL import Image
from playwright.sync_api import expect

from moderation.models import Certificate, WorkItem
from moderation.verifications.services import checking, pictures, requests
from pairly.testing import axe
from pairly.testing.browser import Beside
from pairly.testing.fixtures import own_database, running_daphne
from pairly.testing.people import make_staff, make_user
from profiles.models import Profile
from security.models import AuditEntry

from .demo_verifications import CARD, FACE
from .test_live_notices import TOAST, Desk

NARROW = {"width": 360, "height": 740}
PREVIEWS = ".verification-preview img"
QUEUE = "/staff/queues/verification/"
SCREENS = settings.BASE_DIR / "var" / "artefacts" / "screens"


@pytest.fixture(scope="module")
def server(django_db_setup, django_db_blocker, tmp_path_factory):
    folder = tmp_path_factory.mktemp("verification")
    with own_database(django_db_blocker) as name, running_daphne(database=name, log_folder=folder) as running:
        yield running


@pytest.fixture
def sit_down(chromium, server):
    """Give people a browser; closed, and looked through, at the end."""
    desks = []

    def make(user):
        desks.append(Desk(chromium, server, user))
        return desks[-1]

    yield make
    for desk in desks:
        desk.close()


def file_of(name, data):
    return {"name": name, "mimeType": "image/jpeg", "buffer": data}


def is_clean(page):
    beside = Beside(page)
    axe.load(beside)
    return axe.list_violations(beside)


def verdict_of(page, code, folder):
    """What the verifier, which has no network, says of the certificate with the lists that were published just now."""
    wanted = {
        "file": f"/verification/certificates/{code}/file",
        "keys": "/.well-known/pairly-certificates",
        "revoked": "/.well-known/pairly-certificates/revoked",
    }
    for name, path in wanted.items():
        (folder / f"{name}.json").write_bytes(page.context.request.get(path).body())
    command = [sys.executable, "-m", "moderation.certificates.verifier", str(folder / "file.json")]
    command += ["--keys", str(folder / "keys.json"), "--revoked", str(folder / "revoked.json")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=settings.BASE_DIR)
    return done.returncode, done.stdout.split()[0]


def hold_against_the_verifier_and_take_back(desk, page, code, folder):
    """Its holder's page leads to everything; once it is taken back, both the verifier and its page say so."""
    assert verdict_of(page, code, folder) == (0, "valid")
    desk.go(page, "/verification/certificates/", has_socket=False)
    assert is_clean(page) == []
    page.get_by_text("Take it back", exact=True).click()
    with page.expect_navigation():
        page.get_by_role("button", name="Take it back for good").click()
    assert verdict_of(page, code, folder)[0] == 1
    desk.go(page, f"/verify/{code}", has_socket=False)
    expect(page.locator(".notice-error")).to_contain_text("Revoked on")
    assert is_clean(page) == []


def send_in(page):
    """Both pictures, each shown before it is sent."""
    page.get_by_role("link", name="Get verified").click()
    page.get_by_label("Your document").select_option("passport")
    page.get_by_role("button", name="Send both pictures").click()  # nothing chosen yet
    assert page.locator(".field-errors").all_inner_texts() == [
        "Choose a picture of your document.",
        "Choose a picture of your face.",
        "We may look at your document only if you agree to it.",
    ]
    page.get_by_label("A picture of the document").set_input_files([file_of("card.jpg", CARD)])
    page.get_by_label("A picture of your face").set_input_files([file_of("me.jpg", FACE)])
    expect(page.locator(PREVIEWS)).to_have_count(2)
    for number in range(2):
        expect(page.locator(PREVIEWS).nth(number)).to_have_js_property("naturalWidth", 1200)
    page.get_by_label("What you want it for").fill("To sell in a shop")
    page.get_by_label("I agree that Pairly checks").check()
    assert page.locator(".field-errors").count() == 0
    assert is_clean(page) == []
    page.screenshot(path=SCREENS / "verification-chosen-360.png", full_page=True)
    page.get_by_role("button", name="Send both pictures").click()
    page.wait_for_url("**/verification/")
    expect(page.locator(".badge-held")).to_have_text("Sent")


def tab_to(page, selector):
    """Press Tab until `selector` has the focus."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.locator(f"{selector}:focus").count():
            return
    raise AssertionError(f"no key leads to {selector}")


def test_a_creator_is_verified_by_a_reviewer_who_uses_keys_alone(sit_down, tmp_path):
    creator, moderator = make_user("creator", name="Mara Lind"), make_staff("moderator", name="Petra Vogt")
    Profile.objects.filter(user=creator).update(display_name="Mara")
    desk = sit_down(creator)
    own = desk.open("/verification/")
    own.set_viewport_size(NARROW)
    send_in(own)
    request = creator.verifications.get()
    assert checking.check(uid=request.uid)  # the worker's job
    own.locator(TOAST).first.wait_for()
    following = someone_else()

    office = sit_down(moderator)
    work = office.open(QUEUE, has_socket=False)
    work.set_viewport_size({"width": 1280, "height": 900})
    work.keyboard.press("j")
    assert work.locator("[data-row]:focus").count() == 1
    with work.expect_response(re.compile("files/document$")) as looked:
        work.keyboard.press("n")
    work.wait_for_url(f"**/staff/cases/{case_of(request).uid}/")
    boxes = [shown(work, alt) for alt in ("The document", "The selfie")]
    assert boxes[0]["y"] == boxes[1]["y"]
    assert boxes[0]["x"] + boxes[0]["width"] <= boxes[1]["x"]
    bears_the_name(looked.value.body(), moderator)
    assert is_clean(work) == []
    for _ in range(5):
        tab_to(work, ".checklist input")
        work.keyboard.press("Space")
    assert work.locator(".checklist input:checked").count() == 5
    with work.expect_navigation():
        work.keyboard.press("a")
    work.wait_for_url(f"**/staff/cases/{case_of(following).uid}/")

    own.locator(TOAST, has_text="You are verified").wait_for()
    own.reload()
    expect(own.locator(".notice-success")).to_contain_text("You are verified until")
    assert is_clean(own) == []
    certificate = Certificate.objects.get(user=creator, revoked_at__isnull=True)
    assert certificate.verification == request
    desk.go(own, f"/creators/{creator.uid}/", has_socket=False)
    assert own.locator("h1 .verified").count() == 1
    desk.go(own, "/account/accesses/", has_socket=False)
    looks = " ".join(own.locator("main").inner_text().split())
    assert "Document" in looks
    assert "Selfie" in looks
    assert "Petra Vogt" not in looks
    hold_against_the_verifier_and_take_back(desk, own, certificate.code, tmp_path)

    with work.expect_navigation():
        work.keyboard.press("r")
    work.wait_for_url(f"**{QUEUE}")
    following.refresh_from_db()
    assert (following.state, following.reason_code) == ("rejected", "unreadable")


def test_what_has_to_be_corrected_is_said_with_the_pictures_still_there(chromium, server):
    desk = Desk(chromium, server, make_user("creator"))
    page = desk.open("/verification/new/")
    small = Image.new("RGB", (300, 300), "white")
    small.save(out := io.BytesIO(), "JPEG")
    page.get_by_label("A picture of the document").set_input_files([file_of("small.jpg", out.getvalue())])
    page.get_by_label("A picture of your face").set_input_files([file_of("me.jpg", FACE)])
    page.get_by_label("I agree that Pairly checks").check()
    send = page.get_by_role("button", name="Send both pictures")
    send.click()
    expect(page.locator(".field-errors")).to_contain_text("480 pixels")
    expect(page.locator("[name=document]")).to_be_focused()
    assert page.locator("[name=selfie]").evaluate("(input) => input.files.length") == 1
    page.get_by_label("A picture of the document").set_input_files([file_of("card.jpg", CARD)])
    assert page.locator(".field-errors").count() == 0
    page.route("**/api/v1/verifications", lambda route: route.abort())
    send.click()
    expect(page.locator("[data-part=general]")).to_have_text("The connection broke off. Try again; nothing was kept.")
    expect(send).to_be_enabled()
    page.unroute_all()
    send.click()
    page.wait_for_url("**/verification/")
    assert desk.user.verifications.get().state == "submitted"
    complaints = [one for watch in desk.watches for one in watch.list_complaints()]
    assert all("422" in one or "ERR_FAILED" in one for one in complaints)  # what this test has done itself
    desk.context.close()


def someone_else():
    """A request behind the first one in the queue."""
    given = {"document_type": "id_card", "has_consented": True}
    made = requests.submit(user=make_user("creator"), document=CARD, selfie=FACE, **given)
    assert checking.check(uid=made.uid)
    return made


def case_of(request):
    return WorkItem.objects.get(kind="verification", ref=request.uid)


def shown(page, alt):
    """Where a picture stands, once it is there."""
    picture = page.get_by_alt_text(alt, exact=True)
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("(image) => image.naturalWidth") > 0
    return picture.bounding_box()


def bears_the_name(data, viewer):
    """The picture that came is the one that is drawn for this viewer at the time that was written down."""
    looks = AuditEntry.objects.filter(actor_uid=viewer.uid, action="staff.document_viewed", reason="Document")
    minutes = [
        looks.earliest("created_at").created_at - timedelta(minutes=n) for n in (0, 1)
    ]  # it may just have turned
    assert data in [pictures.draw_for(data=CARD, viewer=viewer.name, at=minute) for minute in minutes]
    assert data not in [pictures.draw_for(data=CARD, viewer="Somebody Else", at=minute) for minute in minutes]
