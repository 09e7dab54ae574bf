"""Getting in, being locked out and getting in again, in real browsers; the mails come out of the outbox."""

from __future__ import annotations

import base64
import re
import time

import pytest
from django.core import mail
from django_otp.oath import TOTP

from pairly.common import redis as common_redis
from pairly.outbox import services as outbox
from pairly.testing.browser import Watch
from pairly.testing.fixtures import own_database, running_daphne
from pairly.testing.people import PASSWORD, make_staff, make_user
from users.models import StaffInvitation, User

NEW_PASSWORD = "nine purple lamps at dusk"


@pytest.fixture(scope="module")
def server(django_db_setup, django_db_blocker, tmp_path_factory):
    """The real server on a database of its own."""
    folder = tmp_path_factory.mktemp("identity")
    with own_database(django_db_blocker) as name, running_daphne(database=name, log_folder=folder) as running:
        yield running


@pytest.fixture
def page(server, chromium):
    """A browser that nobody has used; nothing on its pages may go wrong unseen."""
    context = chromium.new_context(base_url=server.url)
    found = context.new_page()
    watch = Watch(found)
    yield found
    complaints = watch.list_complaints()
    context.close()
    assert complaints == []


def wait_a_minute():
    """The limits a minute are another test's matter."""
    common_redis.get_client().flushdb()


def mailed(to, pattern):
    """What the newest mail to this address says in the place of `pattern`'s group."""
    outbox.deliver_due()
    for sent in reversed(mail.outbox):
        found = re.search(pattern, sent.body)
        if sent.to == [to] and found:
            return found[1]
    raise AssertionError(f"no mail to {to} has {pattern}: {[(m.to, m.subject) for m in mail.outbox]}")


def person():
    user = make_user("fan", name="Robin Fan")
    user.set_password(PASSWORD)
    user.save()
    return user


def sign_in(page, email, password=PASSWORD, to="/account/security/"):
    wait_a_minute()
    page.goto(f"/sign-in/?next={to}")
    page.fill("main [name=email]", email)
    page.fill("main [name=password]", password)
    page.click("main form button[type=submit]")


def test_a_new_account_confirms_its_address_with_the_mailed_code(page):
    email = "nia@example.org"
    page.goto("/sign-up/?next=/account/security/")
    for name, value in {"name": "Nia", "email": email, "password": PASSWORD, "birth_date": "1990-05-17"}.items():
        page.fill(f"main [name={name}]", value)
    page.click("main form button[type=submit]")
    page.click("a:has-text('E-mail address')")
    page.fill("main [name=code]", mailed(email, r"\b(\d{6})\b"))
    page.click("main button:has-text('Confirm')")
    page.wait_for_selector("text=Your e-mail address is confirmed.")
    assert User.objects.get(email=email).email_verified_at is not None


def test_a_locked_account_is_opened_by_the_code_in_the_mail(page):
    user = person()
    for n_left in (4, 3, 2, 1, 0):
        sign_in(page, user.email, "not the passphrase")
        page.wait_for_selector(f"text={n_left} tr" if n_left else "text=Signing in is locked")
    sign_in(page, user.email)
    page.wait_for_selector("text=Too many wrong passwords")
    page.click("text=Unlock with the code")
    page.fill("main [name=email]", user.email)
    page.fill("main [name=code]", mailed(user.email, r"code ([A-Z2-9]{5}-[A-Z2-9]{5})"))
    page.click("main button:has-text('Unlock')")
    page.wait_for_url("**/sign-in/**")
    sign_in(page, user.email)
    page.wait_for_selector("h1:has-text('Security')")


def test_a_forgotten_password_is_replaced_by_a_code(page):
    user = person()
    page.goto("/sign-in/")
    page.click("text=Forgot your password?")
    page.fill("main [name=email]", user.email)
    page.click("main button:has-text('Send a code')")
    page.wait_for_selector("main [name=new_password]")
    page.fill("main [name=code]", mailed(user.email, r"is ([A-Z2-9]{5}-[A-Z2-9]{5})"))
    page.fill("main [name=new_password]", NEW_PASSWORD)
    page.click("main button:has-text('Set new password')")
    page.wait_for_url("**/sign-in/**")
    sign_in(page, user.email)
    page.wait_for_selector("text=E-mail address or password is wrong")
    sign_in(page, user.email, NEW_PASSWORD)
    page.wait_for_selector("h1:has-text('Security')")


def set_up_an_app(page):
    """Turn an authenticator app on from the page that asks for it; gives its key."""
    page.click("main button:has-text('Set up an app')")
    secret = page.locator(".recovery-code").inner_text()
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    page.fill("#id_code", code_of(key))
    page.click("main button:has-text('Turn on')")
    page.wait_for_selector(".backup-codes")
    return key


def code_of(key):
    """What the app shows now."""
    generator = TOTP(key, step=30, digits=6)
    generator.time = time.time()
    return f"{generator.token():06d}"


def test_staff_come_by_invitation_with_a_second_factor_and_read_the_sign_in_log(page, server, chromium):
    admin = make_staff("admin", name="Ada Admin")
    admin.set_password(PASSWORD)
    admin.save()
    sign_in(page, admin.email, to="/staff/")
    page.wait_for_selector("main button:has-text('Set up an app')")  # nothing of staff opens without
    set_up_an_app(page)
    page.goto("/staff/invitations/")
    page.fill("main [name=email]", "grace@example.org")
    page.check("main [name=roles][value=support]", force=True)
    page.click("main button:has-text('Send the invitation')")
    page.wait_for_selector("main >> text=grace@example.org")

    context = chromium.new_context(base_url=server.url)
    guest = context.new_page()
    guest.goto("/invitation/")
    fields = {"email": "grace@example.org", "name": "Grace", "password": NEW_PASSWORD, "birth_date": "1985-01-02"}
    fields["code"] = mailed("grace@example.org", r"code is ([A-Z2-9-]{14})")
    for name, value in fields.items():
        guest.fill(f"main [name={name}]", value)
    guest.click("main button:has-text('Accept')")
    guest.wait_for_url(lambda url: "/invitation/" not in url)
    guest.goto("/staff/sign-ins/")
    guest.wait_for_selector("main button:has-text('Set up an app')")
    set_up_an_app(guest)
    assert StaffInvitation.objects.get(email="grace@example.org").accepted_by == User.objects.get(name="Grace")

    guest.goto("/staff/sign-ins/")
    guest.select_option("main [name=outcome]", "failed")
    guest.fill("main [name=user]", admin.email)
    guest.click("main button:has-text('Show')")
    guest.wait_for_url("**outcome=failed**")
    assert guest.locator("tbody tr:has-text('Signed in')").count() == 0
    guest.select_option("main [name=outcome]", "succeeded")
    guest.click("main button:has-text('Show')")
    guest.wait_for_url("**outcome=succeeded**")
    assert guest.locator(f"tbody >> text={admin.uid}").count() >= 1
    assert guest.goto("/staff/people/").status == 403
    context.close()
