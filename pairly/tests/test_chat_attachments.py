"""Pictures, voice notes and files as two people send them; what the server has of them, and what it cannot pass off."""

from __future__ import annotations

import io
import json
import os
import re

import pytest
from django.core.files.storage import storages
from PIL import Image
from playwright.sync_api import expect

from messaging import attachment_files, selectors
from messaging.client.attachments import open_blob
from messaging.models import Attachment, AttachmentUpload
from messaging.protocol.base64url import b64u_decode
from pairly.testing.fixtures import own_database, running_daphne
from pairly.testing.pen_friends import Letters, PenFriend

from .test_chat_page import READY, SENT, Desk

CHROMIUM_ARGUMENTS = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
PRICE = 10_000
WAIT = 60_000


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker, chromium, tmp_path_factory):
    folder = tmp_path_factory.mktemp("attachments")
    with own_database(django_db_blocker) as name, running_daphne(database=name, log_folder=folder) as server:
        fan = PenFriend("fan", name="Robin Fan", credits_centi=1_000_000)
        creator = PenFriend("creator", name="Mara Lindqvist", price_centi=PRICE)
        yield (
            Letters(fan=fan, creator=creator),
            Sender(chromium, server.url, fan),
            Sender(chromium, server.url, creator),
        )


class Sender(Desk):
    """Somebody at a browser who attaches things."""

    def attach(self, *files):
        self.page.set_input_files(
            "[data-part=attach-input]", [{"name": name, "mimeType": mime, "buffer": data} for name, mime, data in files]
        )

    def wait(self, selector, **how):
        self.page.locator(selector, **how).first.wait_for(timeout=WAIT)

    def send_and_wait(self, n):
        """Send what is written; n messages of one's own are there then."""
        self.page.click("[data-part=send]")
        self.page.locator(SENT).nth(n - 1).wait_for(timeout=WAIT)


def photo():
    """A picture on its side, with the place where it was taken."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    sheet = io.BytesIO()
    Image.linear_gradient("L").resize((800, 600)).convert("RGB").save(sheet, "JPEG", exif=exif)
    assert b"Exif" in sheet.getvalue()
    return sheet.getvalue()


def opened(letters, reader):
    """The bodies of all messages, opened by the reader's own keys."""
    side = letters._side(reader, letters.fan if reader is letters.creator else letters.creator)
    rows = selectors.list_missed(user=reader.user, conversation_uid=letters.uid, after_n=0)
    return [
        side.receive(
            envelope=row["envelope"], srv=dict(row["srv"]), find_device_key=letters._find_device,
            sender=letters.fan.user.uid.bytes,
        ).body
        for row in rows
    ]  # fmt: skip


def stored(part):
    """The names of a blob's parts in the storage."""
    path = Attachment.objects.get(sha256=b64u_decode(part["sha256"])).path
    names = AttachmentUpload.objects.get(pk=path.rpartition("/")[2]).parts
    return [f"{path}/{name}" for name in names]


def blob_of(part):
    folders = (name.rsplit("/", 1) for name in stored(part))
    return b"".join(attachment_files.read_part(folder=folder, name=name) for folder, name in folders)


def change(name):
    """Another last byte, as a server might have it; gives what undoes it."""
    path = storages["private"].path(name)
    with open(path, "rb") as file:
        before = file.read()

    def write(data):
        with open(path, "wb") as file:
            file.write(data)

    write(before[:-1] + bytes([before[-1] ^ 1]))
    return lambda: write(before)


def test_what_people_send_each_other_arrives_whole_sealed_and_only_as_it_was_sent(world):
    _a_picture_and_a_voice_note_reach_the_other_one(*world)
    _pictures_are_pasted_and_dropped_and_cost_what_a_message_costs(*world)
    _an_upload_that_breaks_off_goes_on_where_it_was(*world)
    _a_changed_file_is_not_shown(*world)
    assert world[1].errors == world[2].errors == []


def _a_picture_and_a_voice_note_reach_the_other_one(letters, fan, creator):
    fan.open(letters)
    fan.attach(("beach.jpg", "image/jpeg", photo()), ("page.html", "text/html", b"<script>alert(1)</script>"))
    fan.wait("[data-part=tray-refused]", has_text="page.html cannot be sent")
    fan.wait(".tray-item[data-stage=ready]", has_text="beach.jpg")
    assert fan.page.locator(".tray-item").count() == 1
    fan.page.fill("[data-part=text-input]", "Look!")
    fan.send_and_wait(1)
    assert not fan.page.is_visible("[data-part=tray]")
    fan.wait(".shown-picture[data-loaded=true]")

    fan.page.click("[data-part=tools-open]")
    fan.page.click("[data-part=voice]")
    fan.wait("[data-part=voice-time]", has_text=re.compile("0:0[1-9]"))
    fan.page.click("[data-part=voice-done]")
    fan.wait(".tray-item[data-stage=ready]")
    fan.send_and_wait(2)

    body = [json.loads(one) for one in opened(letters, letters.creator)]
    whole, preview = body[0]["att"]
    assert (body[0]["text"], whole["name"], preview["name"]) == ("Look!", "beach.webp", "preview")
    assert (whole["w"], whole["h"]) == (600, 800)  # upright
    plain = open_blob(blob=blob_of(whole), key=b64u_decode(whole["key"]))
    with Image.open(io.BytesIO(plain)) as picture:
        assert (picture.format, picture.size, dict(picture.getexif())) == ("WEBP", (600, 800), {})
    assert b"Exif" not in plain
    assert plain[:32] not in blob_of(whole)
    with Image.open(io.BytesIO(open_blob(blob=blob_of(preview), key=b64u_decode(preview["key"])))) as small:
        assert max(small.size) == 32
    (voice,) = body[1]["att"]
    assert (body[1]["text"], voice["mime"]) == ("", "audio/webm")
    assert 1_000 <= voice["ms"] < 60_000

    creator.open(letters)
    creator.wait(".shown-picture[data-loaded=true]")
    place = creator.page.locator(".shown-open").bounding_box()
    assert place["height"] == pytest.approx(place["width"] * 4 / 3, rel=0.02)
    creator.page.click(".shown-open")
    creator.wait("[data-part=picture-dialog][open]")
    assert creator.page.get_attribute("[data-part=picture-save]", "download") == "beach.webp"
    creator.page.keyboard.press("Escape")
    creator.page.locator("[data-part=picture-dialog]").wait_for(state="hidden")
    heard = creator.page.locator(".bubble", has=creator.page.locator(".shown-voice"))
    assert not heard.locator("[data-part=text]").is_visible()
    creator.page.click("[data-part=play]")
    creator.wait(".shown-voice[data-playing=true]")
    creator.wait("[data-part=length]", has_text=re.compile(r"0:0\d"))


# What a browser does where somebody pastes or drops these files.
PASTE = """([selector, name, bytes]) => {
  const clipboardData = new DataTransfer();
  clipboardData.items.add(new File([new Uint8Array(bytes)], name, { type: "image/png" }));
  const pasted = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
  return !document.querySelector(selector).dispatchEvent(pasted);
}"""
DROP = """([selector, name, bytes]) => {
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([new Uint8Array(bytes)], name, { type: "image/png" }));
  return ["dragover", "drop"].map((type) => {
    const event = new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true });
    return !document.querySelector(selector).dispatchEvent(event);
  });
}"""
WORDS = """([selector]) => {
  const clipboardData = new DataTransfer();
  clipboardData.setData("text/plain", "words");
  const pasted = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
  return !document.querySelector(selector).dispatchEvent(pasted);
}"""


def square():
    sheet = io.BytesIO()
    Image.new("RGB", (40, 40), "teal").save(sheet, "PNG")
    return list(sheet.getvalue())


def _pictures_are_pasted_and_dropped_and_cost_what_a_message_costs(letters, fan, creator):
    n, before = fan.page.locator(SENT).count(), fan.balance_centi
    box = "[data-part=text-input]"
    assert fan.page.evaluate(WORDS, [box]) is False  # words are the browser's
    assert fan.page.evaluate(PASTE, [box, "pasted.png", square()]) is True
    fan.wait(".tray-item[data-stage=ready]", has_text="pasted.png")
    assert fan.page.evaluate(DROP, ["[data-part=log]", "dropped.png", square()]) == [True, True]
    fan.wait(".tray-item[data-stage=ready]", has_text="dropped.png")
    assert not fan.page.locator(".is-dropping").count()
    fan.page.fill(box, "Two squares")
    fan.send_and_wait(n + 1)
    row = fan.page.locator(".bubble[data-hold=open]", has=fan.page.get_by_text("Two squares", exact=True))
    row.locator(".shown-picture[data-loaded=true]").nth(1).wait_for(timeout=WAIT)
    assert row.locator(".shown-picture").count() == 2
    assert before - fan.balance_centi == PRICE
    expect(fan.page.locator("[data-part=balance]")).to_have_text(f"{fan.balance_centi / 100:,.0f}")
    body = json.loads(opened(letters, letters.creator)[-1])
    assert [one["name"] for one in body["att"]] == ["pasted.webp", "preview", "dropped.webp", "preview"]
    shown = creator.page.locator(".bubble", has=creator.page.get_by_text("Two squares", exact=True))
    shown.locator(".shown-picture[data-loaded=true]").nth(1).wait_for(timeout=WAIT)


def _an_upload_that_breaks_off_goes_on_where_it_was(letters, fan, creator):
    n = fan.page.locator(SENT).count()
    data = os.urandom(3 * 1024 * 1024)
    put: list[str] = []
    fan.page.on("request", lambda request: put.append(request.url[-7:]) if request.method == "PUT" else None)
    fan.page.route("**/parts/2", lambda route: route.abort())
    fan.page.fill("[data-part=text-input]", "The papers")
    fan.attach(("papers.zip", "application/zip", data), ("not this.pdf", "application/pdf", b"%PDF-1.4 secret"))
    fan.wait(".tray-item[data-stage=ready]", has_text="not this.pdf")
    with fan.page.expect_response(lambda answer: answer.request.method == "DELETE"):
        fan.page.locator(".tray-item", has_text="not this.pdf").locator("[data-part=tray-remove]").click()
    fan.wait(".tray-item[data-stage=waiting]", has_text="papers.zip")
    fan.page.click("[data-part=send]")
    fan.wait("[data-part=tray-refused]", has_text="Sends as soon as")
    assert fan.page.input_value("[data-part=text-input]") == "The papers"
    assert [one.received for one in AttachmentUpload.objects.filter(state="open")] == [[0, 1]]
    fan.page.unroute("**/parts/2")
    fan.page.evaluate("() => void dispatchEvent(new Event('online'))")  # unless it has gone on by itself
    fan.page.locator(SENT).nth(n).wait_for(timeout=2 * WAIT)
    assert [put.count(f"parts/{i}") for i in (0, 1)] == [2, 1]  # part 0 of both files, and none again
    assert fan.page.input_value("[data-part=text-input]") == ""
    assert AttachmentUpload.objects.filter(state="cancelled").count() == 1

    file = creator.page.locator(".shown-file")
    with creator.page.expect_download() as download:
        file.locator("[data-part=download]").click()
    assert download.value.suggested_filename == "papers.zip"
    assert download.value.path().read_bytes() == data


def _a_changed_file_is_not_shown(letters, _fan, creator):
    whole, _preview = json.loads(opened(letters, letters.creator)[0])["att"]
    (name,) = stored(whole)
    undo = change(name)
    creator.page.reload()
    creator.page.wait_for_selector(READY)
    shown = creator.page.locator(".shown-picture").first
    shown.scroll_into_view_if_needed()  # pictures come when they are near
    shown.locator("[data-part=problem]", has_text="could not be verified").wait_for(timeout=WAIT)
    assert not shown.locator("[data-part=open]").is_visible()
    assert "blob:" not in (shown.locator("[data-part=image]").get_attribute("src") or "")
    undo()
    shown.locator("[data-part=again]").click()
    creator.wait(".shown-picture[data-loaded=true]")
