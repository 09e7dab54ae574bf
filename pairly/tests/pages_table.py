"""Every page there is, who looks at it, and how one comes to it."""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import AnonymousUser
from django.shortcuts import render
from django.test import RequestFactory, override_settings
from django.urls import reverse
from django.utils import timezone
from django_otp_webauthn.models import WebAuthnCredential
from playwright.sync_api import Page

from pairly.common.problems import Forbidden, NotFound, Overloaded, Problem, RateLimited
from pairly.site import views
from pairly.site.design import design
from pairly.site.middleware import ProblemMiddleware
from pairly.testing import demo
from pairly.testing.survey import CHAT_SCRIPT_KB, SCRIPT_KB, Visit
from security.services import attempts
from security.types import Client, Door
from users import factor_views
from users.errors import SecondFactorRequired
from users.forms import CodeForm, PasswordResetForm, SecondCodeForm, SignInForm
from users.models import EmailChange, SignInChallenge, User
from users.services import totp
from users.services.lockouts import locked
from users.types import FactorState, Method

from . import staff_pages
from .demo_world import World
from .staff_pages import shown

Act = Callable[[Page], object]
KEYS = "[data-step={}]:not([hidden])"
CHAT = "pairly-conversation[data-ready]"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A page in one state, seen by one persona. `view` is its URL's name; `path` is given when that is not enough."""

    name: str
    view: str = ""
    persona: str = "stranger"
    path: Callable[[World], str] | None = None
    act: Act | None = None
    ready: str = "main"
    status: int = 200
    script_kb: int = SCRIPT_KB
    rendered: Callable[[], object] | None = None

    def __str__(self) -> str:
        return f"{self.name}-{self.persona}"

    def as_visit(self, world: World) -> Visit:
        def open_it(page: Page) -> None:
            if self.rendered:
                show_rendered(page, world, self)
                return
            page.goto(self.path(world) if self.path else reverse(self.view))
            if self.act:
                self.act(page)

        return Visit(
            name=str(self),
            open=open_it,
            ready=self.ready,
            status=self.status,
            script_kb=self.script_kb,
            is_brief=bool(self.act or self.rendered) and not os.environ.get("PAIRLY_PROVE"),
        )


def show_rendered(page: Page, world: World, entry: Entry) -> None:
    """An answer that no address gives at will: rendered here, shown on the server's origin under its policy."""
    answer = entry.rendered()
    headers = {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": world.policy()}
    page.route("**/shown/", lambda route: route.fulfill(status=entry.status, headers=headers, body=answer.content))
    page.goto("/shown/")


def request_of_a_stranger():
    request = RequestFactory().get("/shown/")
    request.user = AnonymousUser()
    return request


def refused(problem: Problem):
    """The page of a refusal that a view raised."""
    return lambda: ProblemMiddleware(lambda _: None).process_exception(request_of_a_stranger(), problem)


def handled(handler, *args):
    """The page of one of Django's own refusals."""
    return lambda: handler(request_of_a_stranger(), *args)


STATE = FactorState(
    methods=[Method.TOTP, Method.BACKUP_CODE], has_totp=True, n_passkeys=0, has_email=False, n_backup_codes=10
)
NO_STATE = FactorState(methods=[], has_totp=False, n_passkeys=0, has_email=False, n_backup_codes=0)


def rendered(template: str, **context):
    """A template's page with what its view would give it."""
    return render(request_of_a_stranger(), template, context)


def second_step(chosen: Method, other: Method = Method.BACKUP_CODE, *, wrong: bool = False):
    """The second step of somebody else's sign-in."""

    def show():
        methods = sorted({chosen, other, *([Method.TOTP] if other == Method.BACKUP_CODE else [])}, reverse=True)
        form = SecondCodeForm({"method": chosen, "code": "123456"} if wrong else None, initial={"method": chosen})
        if wrong:
            form.add_error("code", "That is wrong, too old or used already. 4 tries left.")
        tabs = factor_views._tabs(methods)
        return rendered("users/second_step.html", form=form, methods=methods, chosen=chosen.value, tabs=tabs, next="")

    return show


def two_factor(*, is_set_up: bool):
    """The page of the app: while it is set up, and when it is in use."""

    def show():
        setup = totp._setup(User(email="robin@demo.pairly.example"), b"12345678901234567890")
        empty = {name: form() for name, form in factor_views.TwoFactorPage.forms.items()}
        return rendered(
            "users/two_factor.html",
            state=STATE if is_set_up else NO_STATE,
            setup=None if is_set_up else setup,
            qr=base64.b64encode(setup.qr_png).decode(),
            confirm_form=empty["confirm"],
            off_form=empty["off"],
            email_off_form=empty["email-off"],
            is_proven=False,
        )

    return show


def backup_codes(**context):
    """Codes that are shown once, or how many are left."""
    return lambda: rendered("users/backup_codes.html", **context)


def second_reset():
    """The reset of an account with a second factor, after the right mailed code."""
    form = PasswordResetForm({"email": "robin@demo.pairly.example", "code": "ABCDE-FGHJK", "new_password": "x" * 12})
    form.is_valid()
    form.add_problem(SecondFactorRequired("Type a code of your authenticator app or a backup code too."))
    return rendered("users/reset_password.html", form=form, asks_second=True)


@override_settings(SHOW_DESIGN=True)
def design_page():
    """The page that only developers' servers show."""
    return design(request_of_a_stranger())


def email_page(*, new_email: str = "", undo_until: datetime | None = None):
    """The page of one's address after a proof that is fresh, in a state that lasts for minutes or a week."""

    def show():
        waiting = EmailChange(new_email=new_email) if new_email else None
        context = {"form": CodeForm(), "waiting": waiting, "undo_until": undo_until}
        return render(request_of_a_stranger(), "users/email.html", context)

    return show


# -- what is done on a page before it is looked at ----------------------------------------------------------
def submit(field: str, **values: str) -> Act:
    """Send the form that has `field`, past what the browser would check first."""

    def act(page: Page) -> None:
        form = page.locator("main form", has=page.locator(f"[name={field}]"))
        for name, value in values.items():
            form.locator(f"[name={name}]").fill(value)
        with page.expect_navigation():
            form.evaluate("(form) => HTMLFormElement.prototype.submit.call(form)")

    return act


def forge_the_token(page: Page) -> None:
    page.locator("main form [name=csrfmiddlewaretoken]").evaluate("(field) => { field.value = 'forged' }")
    submit("password")(page)


def start_keys(page: Page) -> None:
    page.wait_for_selector(KEYS.format("intro"))
    page.click("[data-part=start]")


def make_passkeys(_: World) -> str:
    """Two that the demo does not make; gives the page's path."""
    creator = User.objects.get(email=demo.CREATOR)
    for name in ("My phone", "Chrome on Linux"):
        fields = {"credential_id": name.encode(), "public_key": b"", "backup_state": name == "My phone"}
        WebAuthnCredential.objects.get_or_create(user=creator, name=name, defaults=fields)
    return "/account/passkeys/"


def ask_to_remove_a_passkey(page: Page) -> None:
    show("[data-part=add]", instead_of="[data-part=unable]")(page)
    page.locator(".line details summary").first.click()


def show_backup_codes(page: Page) -> None:
    show("[data-part=made]", instead_of="[data-part=unable]")(page)
    page.locator("[data-part=codes]").evaluate(
        "(list) => list.replaceChildren(...Array.from('ABCDEFGHJK', (letter) => {"
        " const row = document.createElement('li'); row.textContent = `${letter}2345-6789${letter}`; return row; }))"
    )


def show(part: str, instead_of: str = "") -> Act:
    """Unhide what the page's script would, under an address that is a name."""

    def act(page: Page) -> None:
        page.locator(part).evaluate("(element) => { element.hidden = false }")
        if instead_of:
            page.locator(instead_of).evaluate("(element) => { element.hidden = true }")

    return act


def at(name: str) -> Callable[[World], str]:
    return lambda world: world.paths[name]


def keys(step: str, persona: str, act: Act | None = None) -> Entry:
    ready = KEYS.format(step)
    return Entry(
        name=f"keys-{step}", view="messaging:keys", persona=persona, act=act, ready=ready, script_kb=CHAT_SCRIPT_KB
    )


def conversation(persona: str) -> Entry:
    return Entry(
        name="conversation",
        view="messaging:conversation",
        persona=persona,
        path=at(f"{persona} conversation"),
        ready=f"{CHAT} [data-part=list] > *",
        script_kb=CHAT_SCRIPT_KB,
    )


# -- devices, lockout, approval: what a stranger's guesses lead to ------------------------------------------
def locked_sign_in():
    """The page of a locked account; locking one here would use up what other pages may try."""
    form = SignInForm({"email": "ada@example.org", "password": "x"})
    form.is_valid()
    form.add_problem(locked(timezone.now() + timedelta(minutes=42)))
    return render(request_of_a_stranger(), "users/sign_in.html", {"form": form})


def sign_in_request(world: World) -> str:
    """A sign-in to the fan's account that waits for the fan's word."""
    fan = User.objects.get(email=world.logins[demo.FAN].email)
    waiting = SignInChallenge.objects.create(
        user=fan,
        token_sha256=secrets.token_bytes(32),
        needs=SignInChallenge.Needs.PROOF,
        kind="web",
        door="page",
        ip="198.51.100.5",
        user_agent="Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
        device_fingerprint=secrets.token_urlsafe(24),
        attempt_id=0,
        expires_at=timezone.now() + timedelta(minutes=10),
    )
    return reverse("users:sign-in-request", args=[waiting.pk])


def devices_with_a_request(world: World) -> str:
    """The fan's devices while a sign-in waits and signing in elsewhere is locked."""
    sign_in_request(world)
    for _ in range(5):
        attempts.reserve(identifier=world.logins[demo.FAN].email, client=Client(), door=Door.PAGE)
    return reverse("users:devices")


EVERYWHERE = [
    Entry(name="home", view="site:home"),
    Entry(name="how-it-works", view="site:how-it-works"),
    Entry(name="how-it-works", view="site:how-it-works", persona="fan"),
    Entry(name="prices", view="site:prices"),
    Entry(name="design", view="site:design", rendered=design_page),
    Entry(name="sign-up", view="users:sign-up"),
    Entry(name="sign-up-errors", view="users:sign-up", act=submit("birth_date", email="no address"), status=422),
    Entry(name="sign-in", view="users:sign-in"),
    Entry(name="sign-in-errors", view="users:sign-in", act=submit("password"), status=422),
    Entry(
        name="sign-in-wrong",
        view="users:sign-in",
        act=submit("password", email="nobody@demo.pairly.example", password="not the passphrase"),
        status=401,
    ),
    Entry(name="change-password", view="users:password-change", persona="fan"),
    Entry(
        name="change-password-errors",
        view="users:password-change",
        persona="fan",
        act=submit("new_password", current_password="not the passphrase", new_password="password123"),
        status=422,
    ),
    Entry(name="forgot-password", view="users:password-forgot"),
    Entry(
        name="forgot-password-errors", view="users:password-forgot", act=submit("email", email="no address"), status=422
    ),
    Entry(name="reset-password", view="users:password-reset"),
    Entry(
        name="reset-password-sent",
        view="users:password-reset",
        path=lambda _: reverse("users:password-forgot"),
        act=submit("email", email="nobody@demo.pairly.example"),
    ),
    Entry(
        name="reset-password-errors",
        view="users:password-reset",
        act=submit(
            "code", email="nobody@demo.pairly.example", code="ABCDE-FGHJK", new_password="a long enough passphrase 8"
        ),
        status=422,
    ),
    Entry(name="verify-email", view="users:email-verify", persona="newcomer"),
    Entry(
        name="verify-email-errors",
        view="users:email-verify",
        persona="newcomer",
        act=submit("code", code="0"),
        status=422,
    ),
    Entry(name="discover", view="profiles:discover"),
    Entry(name="discover", view="profiles:discover", persona="fan"),
    Entry(name="discover-empty", view="profiles:discover", path=lambda _: "/discover/?q=nobody-is-called-this"),
    Entry(name="creator", view="profiles:creator", path=at("creator")),
    Entry(name="creator", view="profiles:creator", persona="fan", path=at("creator")),
    Entry(name="creator-own", view="profiles:creator", persona="creator", path=at("creator")),
    Entry(name="edit", view="profiles:edit", persona="fan"),
    Entry(name="edit", view="profiles:edit", persona="creator"),
    Entry(name="edit-errors", view="profiles:edit", persona="creator", act=submit("price", price="-1"), status=422),
    Entry(name="sessions", view="users:sessions", persona="fan"),
    Entry(name="sessions", view="users:sessions", persona="newcomer"),
    Entry(name="sign-ins", view="users:sign-ins", persona="fan"),
    Entry(
        name="sign-ins-empty",
        view="users:sign-ins",
        persona="fan",
        path=lambda _: "/account/sign-ins/?until=2020-01-01",
    ),
    Entry(
        name="sign-ins-errors", view="users:sign-ins", persona="fan", path=lambda _: "/account/sign-ins/?outcome=gone"
    ),
    Entry(name="phone", view="users:phone", persona="fan"),
    Entry(name="phone-errors", view="users:phone", persona="fan", act=submit("phone", phone="12"), status=422),
    # -- second step and second factor
    Entry(name="second-step", view="users:second-step", rendered=second_step(Method.TOTP)),
    Entry(name="second-step-backup", view="users:second-step", rendered=second_step(Method.BACKUP_CODE)),
    Entry(name="second-step-mail", view="users:second-step", rendered=second_step(Method.EMAIL, Method.APPROVAL)),
    Entry(name="second-step-approval", view="users:second-step", rendered=second_step(Method.APPROVAL, Method.EMAIL)),
    Entry(
        name="second-step-wrong", view="users:second-step", rendered=second_step(Method.TOTP, wrong=True), status=422
    ),
    Entry(name="security", view="users:security", persona="fan"),
    Entry(name="security", view="users:security", persona="newcomer"),
    Entry(name="step-up", view="users:step-up", persona="fan"),
    Entry(name="step-up-errors", view="users:step-up", persona="fan", act=submit("code"), status=422),
    Entry(name="two-factor", view="users:two-factor", persona="fan"),
    Entry(name="two-factor-setup", view="users:two-factor", rendered=two_factor(is_set_up=False)),
    Entry(name="two-factor-on", view="users:two-factor", rendered=two_factor(is_set_up=True)),
    Entry(name="backup-codes-none", view="users:backup-codes", persona="fan"),
    Entry(name="backup-codes-left", view="users:backup-codes", rendered=backup_codes(state=STATE)),
    Entry(
        name="backup-codes-new",
        view="users:backup-codes",
        rendered=backup_codes(codes=["ABCDE-FGHJK", "MNPQR-STUVW"] * 5, is_new=True),
    ),
    Entry(name="reset-password-second", view="users:password-reset", rendered=second_reset, status=403),
    # -- passkeys
    Entry(name="passkeys", view="users:passkeys", persona="fan"),
    Entry(name="passkeys", view="users:passkeys", persona="newcomer"),
    Entry(
        name="passkeys-list",
        view="users:passkeys",
        persona="creator",
        path=make_passkeys,
        act=ask_to_remove_a_passkey,
    ),
    Entry(name="passkeys-codes", view="users:passkeys", persona="newcomer", act=show_backup_codes),
    Entry(name="sign-in-passkey", view="users:sign-in", act=show("pairly-passkey")),
    # -- devices, lockout, approval
    Entry(name="unlock", view="users:unlock"),
    Entry(
        name="unlock-errors",
        view="users:unlock",
        act=submit("code", email="nobody@demo.pairly.example", code="ABCDE-FGHJK"),
        status=422,
    ),
    Entry(name="sign-in-locked", view="users:sign-in", rendered=locked_sign_in, status=423),
    Entry(name="devices", view="users:devices", persona="newcomer"),
    Entry(name="devices-waiting", view="users:devices", persona="fan", path=devices_with_a_request),
    Entry(name="sign-in-request", view="users:sign-in-request", persona="fan", path=sign_in_request),
    Entry(
        name="sign-in-request-refused",
        view="users:sign-in-request",
        persona="fan",
        path=sign_in_request,
        act=lambda page: page.click("button[value=no]"),
        ready="main .result-mark-good",
    ),
    # -- staff accounts and lost factors
    Entry(name="invitation", view="users:invitation"),
    Entry(name="invitation", view="users:invitation", persona="newcomer"),
    Entry(
        name="invitation-errors",
        view="users:invitation",
        act=submit(
            "code",
            email="grace@demo.pairly.example",
            code="AAAA-AAAA-AAAA",
            name="Grace",
            password="a long enough passphrase 8",
            birth_date="1990-01-01",
        ),
        status=422,
    ),
    Entry(name="invitation-empty", view="users:invitation", act=submit("code"), status=422),
    Entry(name="factor-recovery", view="users:factor-recovery"),
    Entry(name="factor-recovery", view="users:factor-recovery", persona="fan"),
    Entry(name="factor-recovery-open", view="users:factor-recovery", persona="newcomer"),
    Entry(name="factor-recovery-ask", view="users:factor-recovery", persona="waiting"),
    Entry(
        name="factor-recovery-errors",
        view="users:factor-recovery",
        persona="waiting",
        act=submit("reason"),
        status=422,
    ),
    Entry(name="people", view="moderation:people", persona="staff"),
    Entry(name="member", view="moderation:member", persona="staff", path=at("member")),
    Entry(name="member-self", view="moderation:member", persona="staff", path=at("member self")),
    Entry(name="invitations", view="moderation:invitations", persona="staff"),
    Entry(
        name="invitations-errors",
        view="moderation:invitations",
        persona="staff",
        act=submit("email", email="no address"),
        status=422,
    ),
    Entry(name="recovery-case", view="moderation:case", persona="staff", path=at("recovery case")),
    Entry(name="bans", view="moderation:bans", persona="staff"),
    Entry(
        name="bans-errors",
        view="moderation:bans",
        persona="staff",
        act=submit("network", network="a house", reason="Scripted sign-ups"),
        status=422,
    ),
    # -- privacy and suspension
    Entry(name="privacy", view="users:privacy", persona="newcomer"),
    Entry(name="privacy", view="users:privacy", persona="careful"),
    Entry(name="privacy", view="users:privacy", persona="suspended"),
    Entry(name="privacy", view="users:privacy", persona="resting"),
    Entry(name="privacy", view="users:privacy", persona="leaving"),
    Entry(name="delete-account", view="users:delete-account", persona="newcomer"),
    Entry(name="delete-account", view="users:delete-account", persona="careful"),
    Entry(
        name="delete-account-errors",
        view="users:delete-account",
        persona="careful",
        act=submit("agreed"),
        status=409,
    ),
    Entry(name="accesses", view="users:accesses", persona="careful"),
    Entry(name="accesses", view="users:accesses", persona="suspended"),
    # -- e-mail address
    Entry(name="email-change", view="users:email-change", persona="fan"),
    Entry(
        name="email-change-errors",
        view="users:email-change",
        persona="fan",
        act=submit("new_email", new_email="no address"),
        status=422,
    ),
    Entry(name="email-change-code", view="users:email-change", rendered=email_page(new_email="robin@new.example")),
    Entry(name="email-change-held", view="users:email-change", rendered=email_page(undo_until=datetime(2026, 11, 28))),
    Entry(name="email-undo", view="users:email-undo"),
    Entry(
        name="email-undo-errors",
        view="users:email-undo",
        act=submit("code", email="nobody@demo.pairly.example", code="ABCDE-FGHJK"),
        status=422,
    ),
    # -- staff pages
    Entry(name="staff-home", view="moderation:home", persona="staff"),
    Entry(name="staff-home-work", view="moderation:home", persona="staff", rendered=shown(staff_pages.HOME)),
    Entry(name="staff-queue", view="moderation:queue", persona="staff", rendered=shown(staff_pages.QUEUE)),
    Entry(
        name="staff-queue-empty",
        view="moderation:queue",
        persona="staff",
        rendered=shown(f"{staff_pages.QUEUE}?severity=1"),
    ),
    Entry(name="staff-case", view="moderation:case", persona="staff", rendered=shown(staff_pages.CASE)),
    Entry(
        name="staff-case-errors",
        view="moderation:case",
        persona="staff",
        rendered=shown(f"{staff_pages.CASE}decide/", method="post", outcome="approved", note=""),
        status=422,
    ),
    Entry(name="staff-sign-ins", view="moderation:sign-ins", persona="staff"),
    Entry(
        name="staff-sign-ins-empty",
        view="moderation:sign-ins",
        persona="staff",
        path=lambda _: "/staff/sign-ins/?network=203.0.113.0/24",
    ),
    Entry(
        name="staff-sign-ins-errors",
        view="moderation:sign-ins",
        persona="staff",
        path=lambda _: "/staff/sign-ins/?user=nobody@example.org&network=house",
        status=422,
    ),
    Entry(name="staff-audit", view="moderation:audit", persona="staff"),
    Entry(
        name="staff-audit-empty",
        view="moderation:audit",
        persona="staff",
        path=lambda _: "/staff/audit/?action=nothing",
    ),
    Entry(
        name="staff-audit-errors",
        view="moderation:audit",
        persona="staff",
        path=lambda _: "/staff/audit/?actor=nobody@example.org",
        status=422,
    ),
    # -- the rest
    Entry(name="wallet", view="credits:wallet", persona="fan"),
    Entry(name="wallet", view="credits:wallet", persona="creator"),
    Entry(name="wallet-empty", view="credits:wallet", persona="newcomer"),
    Entry(name="buy", view="payments:buy", persona="fan"),
    Entry(name="buy-errors", view="payments:buy", persona="fan", act=submit("package_id"), status=422),
    Entry(name="payment-paid", view="payments:payment-detail", persona="fan", path=at("paid payment")),
    Entry(name="payment-open", view="payments:payment-detail", persona="fan", path=at("open payment")),
    Entry(name="inbox", view="messaging:inbox", persona="fan"),
    Entry(name="inbox", view="messaging:inbox", persona="creator"),
    Entry(name="inbox-empty", view="messaging:inbox", persona="newcomer"),
    conversation("fan"),
    conversation("creator"),
    keys("intro", "newcomer"),
    keys("code", "newcomer", start_keys),
    keys("unlock", "locked"),
    keys("done", "fan"),
]
REFUSALS = [
    Entry(name="400", rendered=handled(views.bad_request, Exception()), status=400),
    Entry(name="403", rendered=refused(Forbidden()), status=403),
    Entry(name="403-csrf", path=lambda _: "/sign-in/", act=forge_the_token, status=403),
    Entry(name="404", path=lambda _: "/nowhere/", status=404),
    Entry(name="404", persona="fan", path=lambda _: "/nowhere/", status=404),
    Entry(name="404-refused", rendered=refused(NotFound()), status=404),
    Entry(name="409", rendered=refused(Problem()), status=409),
    Entry(name="429", rendered=refused(RateLimited(retry_after_s=30)), status=429),
    Entry(name="500", rendered=handled(views.server_error), status=500),
    Entry(name="503", rendered=refused(Overloaded(retry_after_s=2)), status=503),
]
PAGES = [*EVERYWHERE, *REFUSALS]
# URLs that show no page: documents, files, and what is only posted to; with the arguments of one that a test asks.
NO_PAGES: dict[str, dict[str, str]] = {
    "site:health": {},
    "site:ready": {},
    "site:version": {},
    "site:security-txt": {},
    "site:metrics": {},
    "media": {"name": "nothing.webp"},
    "users:sign-out": {},
    "users:email-resend": {},
    "users:sessions-end-others": {},
    "users:session-end": {"session_id": "00000000-0000-7000-8000-000000000000"},
    "messaging:conversation-start": {},
    # -- second step and second factor
    "users:second-step-code": {},
    "users:totp-begin": {},
    "users:email-factor-on": {},
    # -- passkeys
    "users:passkey-remove": {"passkey_id": "1"},
    "users:passkey-sign-in-begin": {},
    "users:passkey-sign-in-finish": {},
    # -- devices, lockout, approval
    "users:unlock-elsewhere": {},
    "users:device-forget": {"device_id": "00000000-0000-7000-8000-000000000000"},
    "users:device-trust": {"device_id": "00000000-0000-7000-8000-000000000000"},
    # -- staff accounts and lost factors
    "users:factor-recovery-cancel": {},
    "moderation:member-remove": {"uid": "00000000-0000-7000-8000-000000000000"},
    "moderation:ban-lift": {"uid": "00000000-0000-7000-8000-000000000000"},
    "moderation:invitation-revoke": {"uid": "00000000-0000-7000-8000-000000000000"},
    # -- privacy and suspension
    "users:export-request": {},
    "users:export-file": {"export_id": "00000000-0000-7000-8000-000000000000"},
    "users:deactivate": {},
    "users:come-back": {},
    # -- e-mail address
    "users:email-confirm": {},
    "users:email-cancel": {},
    # -- staff pages
    "moderation:take-next": {"kind": "nothing"},
    **{
        f"moderation:case-{deed}": {"uid": "00000000-0000-7000-8000-000000000000"}
        for deed in ("take", "release", "pass-on", "note", "decide")
    },
    "moderation:sign-in-end": {"family": "00000000-0000-7000-8000-000000000000"},
    "moderation:sign-ins-file": {},
    "moderation:audit-file": {},
}
