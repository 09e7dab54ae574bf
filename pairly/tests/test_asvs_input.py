"""Input and output as OWASP ASVS 5.0 wants them (V1, V2, V15.3): what is typed is data, everywhere and to the byte."""

from __future__ import annotations

import html
import json

import pytest
from django.core import mail
from django.test import Client

from pairly.outbox import services as outbox
from pairly.testing.people import make_user, sign_in_as
from profiles.models import Profile
from profiles.services import update_profile
from users.models import Session, User
from users.services import security_mails

pytestmark = pytest.mark.django_db

# Markup, two template languages, two kinds of format strings, an end of a script, a quote of each kind.
EVIL = "<b onclick='x'>&\"{{7*7}}{% debug %}{0.__class__}%(x)s%n</script><img src=x>${7*7}"


def put(browser, body):
    data = body if isinstance(body, bytes) else json.dumps(body)
    return browser.put("/api/v1/profiles", data, content_type="application/json")


# -- what goes out ------------------------------------------------------------------------------------------
def test_every_text_of_a_person_is_stored_as_typed_and_shown_as_text():
    creator = make_user("creator", name=EVIL[:80], price_centi=10_000)
    update_profile(user=creator, display_name=EVIL[:80], headline=EVIL, bio=EVIL, topics=["<i>{{7*7}}</i>"])
    Profile.objects.update(city=EVIL[:80])
    profile = Profile.objects.get()
    assert (profile.headline, profile.bio, profile.display_name) == (EVIL, EVIL, EVIL[:80])
    fan, own = sign_in_as(make_user("fan")), sign_in_as(creator)
    seen = ""
    for browser, path in [
        *((fan, path) for path in ("/discover/", f"/creators/{creator.uid}/", "/discover/?q=%3Cscript%3E{{7*7}}")),
        *((own, path) for path in ("/profile/edit/", "/account/security/", "/account/privacy/", "/wallet/")),
        (Client(), "/"),
    ]:
        answer = browser.get(path)
        assert answer.status_code == 200
        page = answer.content.decode()
        seen += page
        for raw in ("<b onclick", "</script><img", "<i>{{", "<script>{{", "&amp;lt;b"):
            assert raw not in page, (path, raw)
    assert html.escape(EVIL) in seen
    assert "{{7*7}}" in seen


def test_documents_of_the_api_are_json_and_never_pages():
    creator = make_user("creator", name=EVIL[:80], price_centi=10_000)
    answer = Client().get(f"/api/v1/discover?q={EVIL[:10]}")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.json()["results"][0]["display_name"] == creator.name
    wanted = Client().get("/api/v1/discover?format=html&callback=x", headers={"accept": "text/html"})
    assert wanted.headers["Content-Type"] in ("application/json", "application/problem+json")


def test_a_name_in_a_mail_is_text_and_no_template():
    user = make_user("fan", name="{{7*7}}{0.__class__}%(url)s")
    security_mails.write(user=user, notice="new_device", device=EVIL, network="192.0.2.7", at="now")
    outbox.deliver_due()
    [sent] = mail.outbox
    assert "{{7*7}}{% debug %}{0.__class__}%(x)s%n" in sent.body
    assert "49" not in sent.body
    assert sent.alternatives == []


# -- what comes in ------------------------------------------------------------------------------------------
NAMES = ("100% wool", "snake_case", "back\\slash", "aaaaaaaaaaaaaaaaaaaaaaaa!")


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("%", set()),
        ("_", set()),
        ("100%", {"100% wool"}),
        ("snake_case", {"snake_case"}),
        (".*", set()),
        (".*(", set()),
        ("(a+)+$", set()),
        ("[a-z]", set()),
        ("\\", set()),
        ("back\\slash", {"back\\slash"}),
        ("' OR 1=1 --", set()),
        ("'; DROP TABLE profiles_profile; --", set()),
        ("WOOL", {"100% wool"}),
    ],
)
def test_a_search_looks_for_what_was_typed(typed, found):
    for name in NAMES:
        make_user("creator", name=name)
    results = Client().get("/api/v1/discover", {"q": typed}).json()["results"]
    assert {row["display_name"] for row in results} == found
    page = Client().get("/discover/", {"q": typed}).content.decode()
    assert {name for name in NAMES if html.escape(name) in page} == found
    assert Profile.objects.count() == 4


NUMBERS = [
    *(b"-1", b"1", b"4999", b"5000001", b"2147483648", b"9223372036854775808", b"1e309", b"NaN", b"Infinity", b"true"),
    *(b"[]", b"{}", b'"five"', b"5000.5", b"9" * 5_000, b'"0x1388"', b"null"),
]


@pytest.mark.parametrize("field", ["price_per_message_centi", "reply_window_hours"])
def test_a_number_out_of_its_range_or_of_another_kind_is_refused(field):
    browser = sign_in_as(make_user("creator", price_centi=10_000))
    for number in NUMBERS:
        answer = put(browser, b'{"display_name": "Cleo", "%s": %s}' % (field.encode(), number))
        assert answer.status_code in (400, 422), number[:20]
    profile = Profile.objects.get()
    assert (profile.price_per_message_centi, profile.reply_window_hours) == (10_000, 72)


WRONG = [["a"], {"a": 1}, True, None]


@pytest.mark.parametrize("value", WRONG, ids=repr)
def test_a_value_of_another_kind_is_no_text(value):
    for path, body in (
        ("/api/v1/auth/login", {"email": "a@example.org", "password": "x"}),
        ("/api/v1/auth/refresh", {"refresh_token": "x"}),
        ("/api/v1/auth/password/reset", {"email": "a@example.org", "code": "x", "new_password": "a long phrase 77"}),
    ):
        for name in body:
            answer = Client().post(path, {**body, name: value}, content_type="application/json")
            assert answer.status_code == 422, (path, name)
    browser = sign_in_as(make_user("creator", name="Cleo"))
    for name in ("display_name", "bio", "headline"):
        assert put(browser, {"display_name": "Cleo", name: value}).status_code == 422
    assert Profile.objects.get().display_name == "Cleo"
    assert not Session.objects.filter(kind="api").exists()


UNREADABLE = {
    "100,000 brackets": b"[" * 100_000,
    "50,000 objects": b'{"a":' * 50_000,
    "NaN": b'{"email": NaN, "password": "x"}',
    "a byte order mark": b'\xef\xbb\xbf{"email": "a", "password": "b"}',
    "a member twice": b'{"email": "a", "email": "b", "password": "c"}',
    "a member twice, one escaped": b'{"email": "a", "\\u0065mail": "b", "password": "c"}',
    "no UTF-8": b'{"email": "\xff", "password": "b"}',
    "UTF-16": '{"email": "a", "password": "b"}'.encode("utf-16"),
    "a number of 5,000 digits": b'{"email": ' + b"9" * 5_000 + b"}",
    "two documents": b'{"email": "a"}{"email": "b"}',
    "a comment": b'{"email": "a" /* b */}',
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_json_that_could_be_read_in_two_ways_is_refused(name):
    answer = Client().post("/api/v1/auth/login", UNREADABLE[name], content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


@pytest.mark.parametrize("charset", ["utf-16", "utf-7", "bz2_codec", "nonsense"])
def test_a_charset_of_the_sender_changes_nothing(charset):
    body = b'{"email": "a@example.org", "password": "x"}'
    # Not `post`: Django's test client would encode the body itself.
    answer = Client().generic("POST", "/api/v1/auth/login", body, f"application/json; charset={charset}")
    assert answer.status_code in (400, 401, 415)


def test_a_body_that_is_too_large_is_not_parsed(settings):
    body = json.dumps({"email": "a@example.org", "password": "x" * settings.JSON_BODY_MAX_BYTES})
    answer = Client().post("/api/v1/auth/login", body, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) in {(413, "too_large"), (400, "malformed")}


@pytest.mark.parametrize("field", ["display_name", "headline", "bio"])
def test_a_text_of_half_a_megabyte_is_refused(field):
    browser = sign_in_as(make_user("creator", name="Cleo"))
    body = {"display_name": "Cleo", field: "<" * 500_000}
    assert put(browser, body).status_code == 422
    assert browser.post("/profile/edit/", body).status_code == 422
    assert Profile.objects.get().display_name == "Cleo"


NOWHERE = [
    *("/creators/%2e%2e/", "/creators/%252e%252e/", "/creators/%c0%ae%c0%ae/", "/creators/%00/", "/%00", "/%ff"),
    *("/api/v1/profiles/%ff", "/api/v1/profiles/..%2f..%2fhealth", "/api/v1/profiles/%2525", "/api/%76%31/nothing"),
    *(
        "/media/%c0%ae%c0%ae/x.webp",
        "/media/%252e%252e/x.webp",
        "/static/%2e%2e/manage.py",
        "/static/..%5cmanage.py",
    ),
    *("/.git/config", "/.env", "/manage.py", "/static/", "/static/app/", "/media/", "/pairly/settings/__init__.py"),
    *("/static/app/main.css.bak", "/admin/../.env", "/account/security/x.css", "/wallet/x.css", "/var/secrets.env"),
]


def test_an_address_is_decoded_once_and_leads_to_nothing_else():
    browser = sign_in_as(make_user("fan"))
    assert {path: browser.get(path).status_code for path in NOWHERE} == dict.fromkeys(NOWHERE, 404)


def test_a_parameter_given_twice_counts_once_and_a_query_is_no_body():
    make_user("creator", name="Cheap", price_centi=5_000)
    make_user("creator", name="Dear", price_centi=50_000)

    def names(query):
        return {row["display_name"] for row in Client().get(f"/api/v1/discover?{query}").json()["results"]}

    assert names("max_price=5000&max_price=60000") == names("max_price=60000") == {"Cheap", "Dear"}
    assert names("max_price=60000&max_price=5000") == names("max_price=5000") == {"Cheap"}
    answer = Client().post(
        "/api/v1/auth/login?email=a@example.org&password=x", {"email": "a@example.org"}, content_type="application/json"
    )
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/password")
    form = Client().post("/sign-in/?email=a@example.org&password=x", {"email": "a@example.org"})
    assert form.status_code == 422


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
def test_the_api_takes_json_alone(content_type):
    """What a form of another site can send without asking first is no body of ours."""
    user = make_user("creator", name="Cleo")
    body = b'{"display_name": "Eve"}'
    answer = sign_in_as(user).put("/api/v1/profiles", body, content_type=content_type)
    assert answer.status_code == 415
    assert Client().post("/api/v1/auth/login", body, content_type=content_type).status_code == 415
    assert Profile.objects.get().display_name == "Cleo"


# -- more than was asked for ----------------------------------------------------------------------------------
def rows_of(user):
    """All that the two tables say of someone, but for the time of the last change."""
    rows = [User.objects.filter(pk=user.pk).values().get(), Profile.objects.filter(user=user).values().get()]
    return [{name: value for name, value in row.items() if name != "updated_at"} for row in rows]


def test_a_body_changes_the_fields_of_its_door_and_no_others():
    creator, other = make_user("creator", name="Cleo"), make_user("creator")
    browser = sign_in_as(creator)
    fields = {field.attname for model in (Profile, User) for field in model._meta.concrete_fields}
    theirs = {"display_name", "headline", "bio", "languages", "topics", "price_per_message_centi", "reply_window_hours"}
    related = {"user": {"is_staff": True}, "user__is_staff": True, "groups": [1], "total_earnings_centi": 10**9}
    before = rows_of(creator)
    for value in (7, True, "2", str(other.uid)):
        extra = dict.fromkeys(fields - theirs, value)
        assert put(browser, {"display_name": "Cleo", **extra, **related}).status_code == 200
        form = {**extra, "display_name": "Cleo", "price": "0", "reply_window_hours": "72"}
        assert browser.post("/profile/edit/", form).status_code == 302
        assert rows_of(creator) == before
    assert not User.objects.filter(is_staff=True).exists()
