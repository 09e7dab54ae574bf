"""Every page there is, who looks at it, and how one comes to it."""

from __future__ import annotations

import base64
import io
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.contrib.auth.models import AnonymousUser
from django.shortcuts import render
from django.test import RequestFactory, override_settings
from django.urls import reverse
from django.utils import timezone
from django_otp_webauthn.models import WebAuthnCredential
from PIL import Image
from playwright.sync_api import Page

from credits.forms import CapsForm, CoolOffForm
from credits.types import Cap, Caps
from pairly.common.problems import Forbidden, NotFound, Overloaded, Problem, RateLimited
from pairly.site import views
from pairly.site.design import design
from pairly.site.middleware import ProblemMiddleware
from pairly.testing import demo
from pairly.testing.survey import CHAT_SCRIPT_KB, SCRIPT_KB, Visit
from profiles.forms import ProfileForm
from profiles.models import Connection, PeopleList, Profile, SavedSearch
from profiles.selectors import get_own_profile
from profiles.services import change_picture
from security.services import attempts
from security.types import Client, Door
from users import factor_views
from users.errors import SecondFactorRequired
from users.forms import CodeForm, PasswordResetForm, SecondCodeForm, SignInForm
from users.models import EmailChange, SignInChallenge, User
from users.services import notification_choices, totp
from users.services.lockouts import locked
from users.types import FactorState, Method

from . import staff_pages
from .demo_verifications import held_case
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
            is_brief=bool(self.act or self.rendered),
            is_thorough=bool(os.environ.get("PAIRLY_PROVE")),
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


def a_new_profile():
    """The form for who removed theirs; everybody in the demo has one."""
    user = User(name="Robin", role=User.Role.CREATOR, birth_date=date(1990, 1, 1))
    form = ProfileForm(initial=ProfileForm.initial_of(Profile(display_name=user.name)), user=user)
    return rendered("profiles/create.html", form=form)


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


# -- people one knows
LIST_DEEDS = ("add", "remove", "delete")
DEEDS = (
    "follow",
    "unfollow",
    "connect",
    "connection-accept",
    "connection-decline",
    "connection-withdraw",
    "disconnect",
)


def first_list(_: World) -> str:
    """Of the fan."""
    found = PeopleList.objects.filter(owner__email=demo.FAN, name="Answers I keep").get()
    return reverse("profiles:list", args=[found.pk])


def someone_who_asks(_: World) -> str:
    """A creator who waits for the fan's answer."""
    found = Connection.objects.get(asked__email=demo.FAN, state="requested")
    return reverse("profiles:creator", args=[found.asker.uid])


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


def send_old_settings(page: Page) -> None:
    """As a page that was open while the choices were changed elsewhere."""
    page.locator("[name=version]").evaluate("(field) => { field.value = '0123456789abcdef' }")
    with page.expect_navigation():
        page.get_by_role("button", name="Keep my choices").click()


def press(button: str) -> Act:
    """Press the button of this name, which sends a form."""

    def act(page: Page) -> None:
        with page.expect_navigation():
            page.get_by_role("button", name=button).click()

    return act


def change_secret(page: Page) -> None:
    """At once: the page may be looked at again."""
    page.get_by_text("Change the secret", exact=True).click()
    page.get_by_label("The old one has leaked: end it at once").check()
    with page.expect_navigation():
        page.get_by_role("button", name="Change it now").click()


def set_caps(page: Page) -> None:
    """Limits, and a higher one that waits."""
    for day in ("500", "800"):
        page.get_by_label("Credits a day").fill(day)
        page.get_by_label("Credits a month").fill("6000")
        with page.expect_navigation():
            page.get_by_role("button", name="Save").click()


def cooling_off() -> str:
    """As for somebody who has reached a limit of the week and then had enough."""
    resets_at = datetime(2026, 11, 23, tzinfo=UTC)
    found = [
        Cap(name="day", own_centi=None, limit_centi=2_000_000, used_centi=0, resets_at=resets_at),
        Cap(name="week", own_centi=100_000, limit_centi=100_000, used_centi=100_000, resets_at=resets_at),
        Cap(name="month", own_centi=None, limit_centi=None, used_centi=345_050, resets_at=resets_at),
    ]
    state = Caps(caps=found, cool_off_until=datetime(2026, 11, 29, 12, tzinfo=UTC))
    return rendered(
        "credits/caps.html", caps=found, cool_off_until=state.cool_off_until, ceiling_centi=2_000_000,
        form=CapsForm.showing(state), cool_off=CoolOffForm(),
    )  # fmt: skip


def stop_path(world: World) -> str:
    """The address in a mail that ends such mails."""
    user = User.objects.get(email=world.logins[demo.FAN].email)
    return reverse("users:notification-mails-stop", args=[notification_choices.stop_token(user=user)])


def forge_the_token(page: Page) -> None:
    page.locator("main form [name=csrfmiddlewaretoken]").evaluate("(field) => { field.value = 'forged' }")
    submit("password")(page)


def start_keys(page: Page) -> None:
    page.wait_for_selector(KEYS.format("intro"))
    page.click("[data-part=start]")


def on_keys(step: str, *clicks: str) -> Act:
    """On the page of keys, at `step`, press these one after the other."""

    def act(page: Page) -> None:
        page.wait_for_selector(KEYS.format(step))
        page.locator("pairly-keys").evaluate("(element) => { element.dataset.fresh = 'true' }")
        for click in clicks:
            page.click(f"{KEYS.format(step)} {click}")

    return act


def show_lost_keys(page: Page) -> None:
    page.wait_for_selector(KEYS.format("unlock"))
    show("[data-step=lost]", instead_of="[data-step=unlock]")(page)


def make_searches(_: World) -> str:
    """Some that the demo does not make; gives the page's path."""
    fan = User.objects.get(email=demo.FAN)
    for name, page, query in (
        ("Pots for the shop", "discover", "q=clay&max_price=300&language=en&language=de&verified=on&sort=price"),
        ("मिट्टी", "discover", "topic=ceramics&min_age=25"),
        ("Around here", "nearby", "online=on"),
    ):
        SavedSearch.objects.get_or_create(owner=fan, name=name, defaults={"page": page, "query": query})
    return "/discover/searches/"


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


# -- pictures
def show_a_picture_to_connections(_: World) -> str:
    """One of the gallery is for connections; gives the page's path."""
    creator = User.objects.get(email=demo.CREATOR)
    last = get_own_profile(user=creator).whole_gallery[-1]
    change_picture(user=creator, uid=last.uid, audience="connections")
    return "/profile/pictures/"


def open_a_picture(page: Page) -> None:
    page.locator(".tile-more summary").nth(1).click()


def upload_nothing(page: Page) -> None:
    """As without a script."""
    with page.expect_navigation():
        page.locator("[data-kind=gallery] form").evaluate("(form) => HTMLFormElement.prototype.submit.call(form)")


def upload_what_is_too_large(page: Page) -> None:
    file = {"name": "The whole harbour at dawn, uncropped.png", "mimeType": "image/png", "buffer": b"0" * 10_000_001}
    page.locator("[data-kind=gallery] input[type=file]").set_input_files([file])
    page.wait_for_selector("[data-state=refused]")


def at(name: str) -> Callable[[World], str]:
    return lambda world: world.paths[name]


def keys(step: str, persona: str, act: Act | None = None, *, name: str = "", ready: str = "") -> Entry:
    ready = ready or KEYS.format(step)
    return Entry(
        name=f"keys-{name or step}",
        view="messaging:keys",
        persona=persona,
        act=act,
        ready=ready,
        script_kb=CHAT_SCRIPT_KB,
    )


def planned(persona: str) -> Entry:
    ready = "pairly-planned[data-ready]"
    return Entry(name="planned", view="messaging:planned", persona=persona, ready=ready, script_kb=CHAT_SCRIPT_KB)


def attach_files(page: Page) -> None:
    """A picture that is ready, a file on its way, one that is refused."""
    page.wait_for_selector("[data-part=attach]:enabled")
    page.route(
        "**/api/v1/attachments",
        lambda route: None if '"length":3' in (route.request.post_data or "") else route.continue_(),
    )
    sheet = io.BytesIO()
    Image.radial_gradient("L").resize((640, 480)).save(sheet, "PNG")
    files = [
        ("harbour at dawn.png", "image/png", sheet.getvalue()),
        ("A contract with a name that is far too long for a phone.pdf", "application/pdf", b"0" * 3_000),
        ("page.html", "text/html", b"<p>"),
    ]
    page.set_input_files(
        "[data-part=attach-input]", [{"name": name, "mimeType": mime, "buffer": data} for name, mime, data in files]
    )
    page.wait_for_selector(".tray-item[data-stage=ready]")
    page.wait_for_selector(".tray-item[data-stage=sending]")


def conversation(persona: str, *, act: Act | None = None, name: str = "conversation") -> Entry:
    return Entry(
        name=name,
        view="messaging:conversation",
        persona=persona,
        act=act,
        path=at(f"{persona} conversation"),
        ready=f"{CHAT} [data-part=list] > *",
        script_kb=CHAT_SCRIPT_KB,
    )


def safety(persona: str) -> Entry:
    return Entry(
        name="safety",
        view="messaging:safety",
        persona=persona,
        path=lambda world: f"{world.paths[f'{persona} conversation']}safety/",
        ready="pairly-safety[data-ready]",
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
    Entry(name="remove-profile", view="profiles:remove", persona="creator"),
    Entry(name="create-profile", view="profiles:create", persona="creator", rendered=a_new_profile),
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
    Entry(name="dispute-case", view="moderation:case", persona="staff", path=at("dispute case")),
    Entry(name="payment-dispute-case", view="moderation:case", persona="staff", path=at("payment dispute case")),
    Entry(name="bans", view="moderation:bans", persona="staff"),
    Entry(
        name="bans-errors",
        view="moderation:bans",
        persona="staff",
        act=submit("network", network="a house", reason="Scripted sign-ups"),
        status=422,
    ),
    # -- accounts for staff
    Entry(name="staff-accounts", view="moderation:accounts", persona="staff"),
    Entry(
        name="staff-accounts-empty",
        view="moderation:accounts",
        persona="staff",
        path=lambda _: "/staff/users/?q=nobody-of-this-name",
    ),
    Entry(
        name="staff-accounts-errors",
        view="moderation:accounts",
        persona="staff",
        path=lambda _: "/staff/users/?role=king",
        status=422,
    ),
    Entry(name="staff-account", view="moderation:account", persona="staff", path=at("account")),
    Entry(name="staff-account-suspended", view="moderation:account", persona="staff", path=at("account suspended")),
    Entry(
        name="staff-account-errors",
        view="moderation:account",
        persona="staff",
        path=at("account"),
        act=submit("facts"),
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
    # -- reports, sanctions, appeals
    Entry(name="report", view="trust:report", persona="fan", path=at("report creator")),
    Entry(
        name="report-errors",
        view="trust:report",
        persona="fan",
        path=at("report creator"),
        act=submit("category"),
        status=422,
    ),
    Entry(name="reports", view="trust:reports", persona="fan"),
    Entry(name="reports-none", view="trust:reports", persona="newcomer"),
    Entry(name="restrictions", view="trust:restrictions", persona="suspended"),
    Entry(name="restrictions-none", view="trust:restrictions", persona="newcomer"),
    Entry(name="restriction", view="trust:restriction", persona="suspended", path=at("statement")),
    Entry(name="restriction-appeal", view="trust:restriction-appeal", persona="suspended", path=at("appeal form")),
    Entry(name="appeal", view="trust:appeal", persona="suspended", path=at("appeal")),
    Entry(name="report-case", view="moderation:case", persona="staff", path=at("report case")),
    Entry(name="appeal-case", view="moderation:case", persona="staff", path=at("appeal case")),
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
    Entry(
        name="staff-case-given",
        view="moderation:case",
        persona="staff",
        rendered=shown(staff_pages.CASE, act=staff_pages.give),
    ),
    Entry(name="staff-texts", view="moderation:reasons", persona="staff", rendered=staff_pages.texts),
    Entry(name="staff-texts-none", view="moderation:reasons", persona="staff", rendered=staff_pages.texts_none),
    Entry(
        name="staff-texts-errors",
        view="moderation:reasons",
        persona="staff",
        rendered=staff_pages.texts_errors,
        status=422,
    ),
    Entry(name="staff-text-new", view="moderation:reason-new", persona="staff", rendered=staff_pages.text_new),
    Entry(
        name="staff-text-errors",
        view="moderation:reason-new",
        persona="staff",
        rendered=staff_pages.text_errors,
        status=422,
    ),
    Entry(name="staff-text", view="moderation:reason", persona="staff", rendered=staff_pages.text_old),
    Entry(
        name="staff-case-preview",
        view="moderation:case-preview",
        persona="staff",
        rendered=staff_pages.case_preview,
    ),
    Entry(
        name="staff-case-preview-refused",
        view="moderation:case-preview",
        persona="staff",
        rendered=staff_pages.case_preview_refused,
        status=422,
    ),
    Entry(
        name="staff-suspension-preview",
        view="moderation:account-suspend-preview",
        persona="staff",
        rendered=staff_pages.suspension_preview,
    ),
    Entry(name="staff-queue-bulk", view="moderation:queue", persona="staff", rendered=staff_pages.bulk_queue),
    Entry(name="staff-bulk", view="moderation:bulk", persona="staff", rendered=staff_pages.bulk_asked),
    Entry(name="staff-bulk-none", view="moderation:bulk", persona="staff", rendered=staff_pages.bulk_of_nothing),
    Entry(
        name="staff-bulk-errors",
        view="moderation:bulk",
        persona="staff",
        rendered=staff_pages.bulk_without_reason,
        status=422,
    ),
    Entry(name="staff-assign", view="moderation:case-assign", persona="staff", rendered=shown(staff_pages.ASSIGN)),
    Entry(
        name="staff-assign-errors",
        view="moderation:case-assign",
        persona="staff",
        rendered=shown(staff_pages.ASSIGN, method="post", to=""),
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
    # -- discovery
    Entry(
        name="discover-filtered",
        view="profiles:discover",
        persona="fan",
        path=lambda _: "/discover/?q=a&max_price=300&min_age=20&language=en&language=de&sort=price",
    ),
    Entry(name="discover-topic", view="profiles:discover", path=lambda _: "/discover/?topic=ceramics"),
    Entry(
        name="discover-errors",
        view="profiles:discover",
        path=lambda _: "/discover/?max_price=-1&min_age=7&language=klingon&online=on",
    ),
    Entry(name="searches", view="profiles:searches", persona="fan", path=make_searches),
    Entry(name="searches-empty", view="profiles:searches", persona="newcomer"),
    Entry(
        name="searches-errors",
        view="profiles:searches",
        persona="fan",
        path=lambda _: "/discover/?q=clay&verified=on",
        act=submit("query"),
        status=422,
    ),
    # -- nearby and places
    Entry(name="nearby", view="profiles:nearby", path=lambda _: "/nearby/?near=Malm%C3%B6&radius_km=50"),
    Entry(name="nearby-own", view="profiles:nearby", persona="creator"),
    Entry(name="nearby-blank", view="profiles:nearby"),
    Entry(name="nearby-several", view="profiles:nearby", path=lambda _: "/nearby/?near=Lo"),
    Entry(name="nearby-unknown", view="profiles:nearby", path=lambda _: "/nearby/?near=Atlantis"),
    Entry(name="nearby-nobody", view="profiles:nearby", path=lambda _: "/nearby/?near=Troms%C3%B8&q=nobody"),
    Entry(name="edit-place", view="profiles:edit", persona="creator", act=submit("near", near="Lo"), status=422),
    # -- pictures
    Entry(name="pictures", view="profiles:pictures", persona="creator", path=show_a_picture_to_connections),
    Entry(name="pictures-empty", view="profiles:pictures", persona="newcomer"),
    Entry(name="pictures-errors", view="profiles:pictures", persona="creator", act=upload_nothing, status=422),
    Entry(name="pictures-more", view="profiles:pictures", persona="creator", act=open_a_picture),
    Entry(name="pictures-uploads", view="profiles:pictures", persona="newcomer", act=upload_what_is_too_large),
    # -- people one knows
    Entry(name="people", view="profiles:people", persona="fan"),
    Entry(name="people-empty", view="profiles:people", persona="newcomer"),
    Entry(name="connections", view="profiles:connections", persona="fan"),
    Entry(name="connections", view="profiles:connections", persona="creator"),
    Entry(
        name="connections-asking",
        view="profiles:connections",
        persona="creator",
        path=lambda _: "/people/connections/?show=asking",
    ),
    Entry(
        name="connections-asked",
        view="profiles:connections",
        persona="fan",
        path=lambda _: "/people/connections/?show=asked",
    ),
    Entry(name="connections-empty", view="profiles:connections", persona="newcomer"),
    Entry(name="lists", view="profiles:lists", persona="fan"),
    Entry(name="lists-empty", view="profiles:lists", persona="newcomer"),
    Entry(name="lists-errors", view="profiles:lists", persona="newcomer", act=submit("name"), status=422),
    Entry(name="list", view="profiles:list", persona="fan", path=first_list),
    Entry(
        name="list-errors",
        view="profiles:list",
        persona="fan",
        path=first_list,
        act=submit("name", name=""),
        status=422,
    ),
    Entry(name="creator-asks", view="profiles:creator", persona="fan", path=someone_who_asks),
    # -- visits and facts
    Entry(name="visitors", view="profiles:visitors", persona="creator"),
    Entry(name="visitors-empty", view="profiles:visitors", persona="newcomer"),
    # -- presence and visibility
    Entry(name="visibility", view="profiles:visibility", persona="fan"),
    Entry(name="visibility", view="profiles:visibility", persona="creator"),
    # -- blocks
    Entry(name="blocked", view="users:blocked", persona="careful"),
    Entry(name="blocked-nobody", view="users:blocked", persona="newcomer"),
    Entry(name="block", view="users:block", persona="newcomer", path=at("block creator")),
    # -- notifications
    Entry(name="notifications", view="users:notifications", persona="fan"),
    Entry(name="notifications", view="users:notifications", persona="creator"),
    Entry(name="notifications-empty", view="users:notifications", persona="newcomer"),
    Entry(
        name="notifications-earlier",
        view="users:notifications",
        persona="newcomer",
        path=lambda _: "/notifications/?before=1",
    ),
    Entry(name="notification-settings", view="users:notification-settings", persona="creator"),
    Entry(name="notification-settings", view="users:notification-settings", persona="fan"),
    Entry(
        name="notification-settings-old",
        view="users:notification-settings",
        persona="fan",
        act=send_old_settings,
        status=412,
    ),
    Entry(name="stop-mails", view="users:notification-mails-stop", path=stop_path),
    Entry(name="stop-mails-done", view="users:notification-mails-stop", path=stop_path, act=press("Stop these mails")),
    Entry(name="stop-mails-unknown", path=lambda _: "/notifications/mails/nobody:nothing/stop/", status=404),
    # -- web push and announcements
    Entry(name="push-devices", view="users:push-devices", persona="fan"),
    Entry(name="push-devices-empty", view="users:push-devices", persona="newcomer"),
    Entry(name="announcements", view="users:announcements", persona="creator"),
    Entry(
        name="announcements-empty",
        view="users:announcements",
        rendered=lambda: rendered("users/announcements.html", current=[], past=[], before=None),
    ),
    Entry(name="offline", view="site:offline"),
    Entry(name="staff-announcements", view="moderation:announcements", persona="staff"),
    Entry(
        name="staff-announcements-preview",
        view="moderation:announcements",
        persona="staff",
        act=submit("title", title="A new way to find people", body="It starts on Monday.\n\nSay what you think."),
    ),
    Entry(
        name="staff-announcements-errors",
        view="moderation:announcements",
        persona="staff",
        act=submit("title"),
        status=422,
    ),
    # -- money: payouts
    Entry(name="payouts", view="payments:payouts", persona="payee"),
    Entry(name="payouts-empty", view="payments:payouts", persona="beginner"),
    Entry(name="payout-request", view="payments:payout-request", persona="payee"),
    Entry(name="payout-request-empty", view="payments:payout-request", persona="beginner"),
    Entry(
        name="payout-request-errors",
        view="payments:payout-request",
        persona="payee",
        path=lambda _: "/payouts/request/?amount=lots&method=",
        status=422,
    ),
    Entry(name="payout-confirm", view="payments:payout-request", persona="payee", path=at("payout confirm")),
    Entry(name="payout-accounts", view="payments:payout-methods", persona="payee"),
    Entry(name="payout-accounts-empty", view="payments:payout-methods", persona="beginner"),
    Entry(name="payout-account-add", view="payments:payout-method-add", persona="payee"),
    Entry(
        name="payout-account-add-errors",
        view="payments:payout-method-add",
        persona="creator",
        path=lambda _: "/payouts/accounts/add/?way=manual",
        act=submit("account_holder"),
        status=422,
    ),
    Entry(name="payout", view="payments:payout", persona="payee", path=at("payout")),
    Entry(name="payout-refused", view="payments:payout", persona="payee", path=at("payout refused")),
    Entry(
        name="payout-receipt",
        view="payments:payout-receipt",
        persona="payee",
        path=lambda world: f"{world.paths['payout paid']}receipt/",
    ),
    Entry(
        name="payout-year",
        view="payments:payout-year",
        persona="payee",
        path=lambda _: f"/payouts/years/{timezone.now().year}/",
    ),
    Entry(
        name="payout-year-empty",
        view="payments:payout-year",
        persona="creator",
        path=lambda _: f"/payouts/years/{timezone.now().year}/",
    ),
    Entry(name="staff-payout", view="moderation:case", persona="staff", path=at("payout case")),
    # -- money: payments of people
    Entry(name="staff-payments", view="moderation:payments", persona="staff"),
    Entry(
        name="staff-payments-found",
        view="moderation:payments",
        persona="staff",
        path=lambda _: "/staff/payments/?q=pi_3QvR0a2eZvKYlo2C",
    ),
    Entry(
        name="staff-payments-none",
        view="moderation:payments",
        persona="staff",
        path=lambda _: "/staff/payments/?q=pi_0",
    ),
    Entry(
        name="staff-payments-errors",
        view="moderation:payments",
        persona="staff",
        path=lambda _: "/staff/payments/?q=",
        status=422,
    ),
    Entry(name="staff-payment", view="moderation:payment", persona="staff", path=at("payment to refund")),
    Entry(name="staff-payment-disputed", view="moderation:payment", persona="staff", path=at("payment of staff")),
    Entry(
        name="staff-dispute-evidence",
        view="moderation:dispute-evidence",
        persona="staff",
        path=at("evidence for the bank"),
    ),
    Entry(
        name="staff-refund-errors",
        view="moderation:payment",  # its form, with what is wrong
        persona="staff",
        path=lambda world: f"{world.paths['payment to refund']}refund/?amount=lots&reason=",
        status=422,
    ),
    Entry(
        name="staff-refund-confirm",
        view="moderation:payment-refund",
        persona="staff",
        path=lambda world: f"{world.paths['payment to refund']}refund/?amount=2.00&reason=asked_for",
    ),
    Entry(name="staff-transfers", view="moderation:transfers", persona="staff"),
    Entry(name="staff-transfer", view="moderation:transfer", persona="staff", path=at("transfer")),
    Entry(name="staff-transfer-paid", view="moderation:transfer", persona="staff", path=at("transfer paid")),
    # -- verifications
    Entry(name="verification-empty", view="trust:verifications", persona="newcomer"),
    Entry(name="verification-in-review", view="trust:verifications", persona="asking"),
    Entry(name="verification-rejected", view="trust:verifications", persona="turned down"),
    Entry(name="verification-approved", view="trust:verifications", persona="verified"),
    Entry(
        name="verification-appeal", view="trust:verification-appeal", persona="turned down", path=at("rejected request")
    ),
    Entry(name="verification-new", view="trust:verification-new", persona="newcomer"),
    Entry(name="verification-new-waiting", view="trust:verification-new", persona="asking"),
    Entry(
        name="verification-new-errors",
        view="trust:verification-new",
        persona="newcomer",
        act=submit("document"),
        status=422,
    ),
    Entry(name="verification-case", view="moderation:case", persona="staff", path=held_case),
    # -- fraud
    Entry(name="staff-fraud-queue", view="moderation:queue", persona="staff", rendered=staff_pages.fraud_queue),
    Entry(name="staff-fraud-alert", view="moderation:case", persona="staff", rendered=staff_pages.fraud_case),
    Entry(
        name="staff-security-analytics",
        view="moderation:security-analytics",
        persona="staff",
        rendered=staff_pages.security_analytics,
    ),
    Entry(name="staff-security-analytics-empty", view="moderation:security-analytics", persona="staff"),
    Entry(
        name="staff-security-analytics-errors",
        view="moderation:security-analytics",
        persona="staff",
        path=lambda _: "/staff/security/?days=6",
        status=422,
    ),
    # -- certificates
    Entry(name="transparency", view="trust:transparency", rendered=staff_pages.transparency),
    Entry(name="transparency-empty", view="trust:transparency", rendered=staff_pages.transparency_empty),
    Entry(name="certificate-search", view="trust:certificate-search"),
    Entry(name="certificate", view="trust:certificate", path=at("certificate")),
    *(
        Entry(name=f"certificate-{state}", view="trust:certificate", path=at(f"certificate {state}"))
        for state in ("copied", "expired", "revoked")
    ),
    Entry(name="certificate-unknown", view="trust:certificate", path=lambda _: "/verify/AAAAAAAAAAAAAAAA", status=404),
    Entry(name="certificates", view="trust:certificates", persona="creator"),
    Entry(name="certificates-empty", view="trust:certificates", persona="newcomer"),
    # -- organisations
    Entry(name="organisations", view="trust:organisations", persona="creator"),
    Entry(name="organisations-invited", view="trust:organisations", persona="fan"),
    Entry(name="organisations-errors", view="trust:organisations", persona="newcomer", act=submit("found"), status=422),
    Entry(name="organisation", view="trust:organisation", persona="creator", path=at("organisation")),
    Entry(name="organisation-member", view="trust:organisation", persona="newcomer", path=at("organisation")),
    Entry(name="webhook", view="trust:webhook", persona="creator", path=at("webhook")),
    Entry(name="webhook-secret", view="trust:webhook", persona="creator", path=at("new webhook"), act=change_secret),
    Entry(name="webhooks-dead", view="moderation:dead-deliveries", persona="staff"),
    # -- the rest
    Entry(name="wallet", view="credits:wallet", persona="fan"),
    Entry(name="wallet", view="credits:wallet", persona="creator"),
    Entry(name="wallet-empty", view="credits:wallet", persona="newcomer"),
    # -- money: trial balance
    # -- analytics
    Entry(name="staff-analytics", view="moderation:analytics", persona="staff", rendered=staff_pages.analytics),
    Entry(
        name="staff-analytics-empty",
        view="moderation:analytics",
        persona="staff",
        rendered=staff_pages.analytics_empty,
    ),
    Entry(
        name="staff-analytics-errors",
        view="moderation:analytics",
        persona="staff",
        path=lambda _: "/staff/analytics/?days=6",
        status=422,
    ),
    Entry(name="staff-money", view="moderation:money", persona="staff"),
    Entry(name="staff-money-errors", view="moderation:money", persona="staff", act=submit("day"), status=422),
    # -- money: wallet, statement, receipts
    Entry(name="statement", view="credits:statement", persona="fan"),
    Entry(name="statement", view="credits:statement", persona="creator"),
    Entry(name="statement-empty", view="credits:statement", persona="newcomer"),
    Entry(name="lots", view="credits:lots", persona="fan"),
    Entry(name="lots-empty", view="credits:lots", persona="newcomer"),
    Entry(name="earnings", view="credits:earnings", persona="creator"),
    Entry(name="payments", view="payments:payment-list", persona="fan"),
    Entry(name="payments-empty", view="payments:payment-list", persona="newcomer"),
    Entry(
        name="receipt",
        view="payments:receipt",
        persona="fan",
        path=lambda world: f"{world.paths['paid payment']}receipt/",
    ),
    # -- money: refunds and disputes
    Entry(name="money-back", view="payments:money-back", persona="debtor", path=at("money back")),
    Entry(name="wallet-owed", view="credits:wallet", persona="debtor"),
    Entry(name="payments-disputed", view="payments:payment-list", persona="debtor"),
    Entry(name="payment-owed", view="payments:payment-detail", persona="debtor", path=at("disputed by the debtor")),
    Entry(name="touched", view="payments:touched", persona="touched"),
    Entry(name="touched-empty", view="payments:touched", persona="creator"),
    Entry(name="touched-case", view="payments:touched-case", persona="touched", path=at("touched case")),
    # -- money: caps
    Entry(name="caps", view="credits:caps", persona="fan"),
    Entry(name="caps-waiting", view="credits:caps", persona="newcomer", act=set_caps),
    Entry(name="caps-errors", view="credits:caps", persona="newcomer", act=submit("day", day="-1"), status=422),
    Entry(name="cool-off-errors", view="credits:caps", persona="newcomer", act=press("Spend nothing"), status=422),
    Entry(name="caps-cooling-off", view="credits:caps", rendered=cooling_off),
    Entry(name="buy", view="payments:buy", persona="fan"),
    Entry(name="buy-errors", view="payments:buy", persona="fan", act=submit("package_id"), status=422),
    Entry(name="payment-paid", view="payments:payment-detail", persona="fan", path=at("paid payment")),
    # -- money: shop
    Entry(name="shop", view="payments:shop", path=at("shop")),
    Entry(name="shop-item", view="payments:shop-item", path=at("ware")),
    Entry(name="shop-item", view="payments:shop-item", persona="fan", path=at("ware")),
    Entry(name="shop-item-bought", view="payments:shop-item", persona="fan", path=at("bought ware")),
    Entry(name="library", view="payments:library", persona="fan"),
    Entry(name="library-empty", view="payments:library", persona="newcomer"),
    Entry(name="library-item", view="payments:library-item", persona="fan", path=at("bought")),
    Entry(name="shop-own", view="payments:shop-own", persona="creator"),
    Entry(name="shop-new", view="payments:shop-new", persona="creator"),
    Entry(name="shop-new-errors", view="payments:shop-new", persona="creator", act=submit("title"), status=422),
    Entry(name="shop-edit", view="payments:shop-edit", persona="creator", path=at("own ware")),
    Entry(name="shop-edit-draft", view="payments:shop-edit", persona="creator", path=at("draft")),
    Entry(name="sales", view="payments:sales", persona="creator"),
    Entry(name="payment-open", view="payments:payment-detail", persona="fan", path=at("open payment")),
    # -- money: buying
    Entry(name="buy-inr", view="payments:buy", persona="newcomer", path=lambda _: "/credits/buy/?currency=INR"),
    *(
        Entry(name=f"payment-{state}", view="payments:payment-detail", persona="fan", path=at(f"{state} payment"))
        for state in ("failed", "refunded", "disputed")
    ),
    Entry(name="inbox", view="messaging:inbox", persona="fan"),
    Entry(name="inbox", view="messaging:inbox", persona="creator"),
    Entry(name="inbox-empty", view="messaging:inbox", persona="newcomer"),
    # -- chat: requests, away, free
    Entry(name="inbox-requests", view="messaging:inbox", persona="creator", path=lambda _: "/inbox/?box=requests"),
    Entry(name="inbox-by-value", view="messaging:inbox", persona="creator", path=lambda _: "/inbox/?sort=value"),
    Entry(name="contact", view="messaging:contact", persona="creator"),
    Entry(name="away", view="profiles:away", persona="creator"),
    Entry(name="away-errors", view="profiles:away", persona="creator", act=submit("until"), status=422),
    conversation("fan"),
    conversation("creator"),
    planned("creator"),
    planned("fan"),
    conversation("fan", act=attach_files, name="conversation-files"),
    safety("fan"),
    keys("intro", "newcomer"),
    keys("code", "newcomer", start_keys),
    keys("unlock", "locked"),
    keys("waiting", "locked", on_keys("unlock", "[data-part=ask-device]")),
    keys("file", "locked", on_keys("unlock", "[data-go=file]")),
    keys("lost", "locked", show_lost_keys),
    keys("reset", "locked", on_keys("unlock", "[data-go=reset]")),
    keys("done", "fan"),
    keys("done", "fan", on_keys("done", "[data-part=passphrase]"), name="passphrase", ready="dialog[open]"),
    keys("done", "fan", on_keys("done", "[data-part=approval-grant]"), name="grant", ready="dialog[open]"),
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
    "site:socket-document": {},
    "site:security-txt": {},
    "site:metrics": {},
    "media": {"name": "nothing.webp"},
    "users:sign-out": {},
    "users:email-resend": {},
    "users:sessions-end-others": {},
    "users:session-end": {"session_id": "00000000-0000-7000-8000-000000000000"},
    "messaging:conversation-start": {},
    # -- money: caps
    "credits:cap-keep": {},
    "credits:cool-off": {},
    "messaging:plan-cancel": {"plan_id": "00000000-0000-7000-8000-000000000000"},
    # -- chat: requests, away, free
    "messaging:request-accept": {"conversation_id": "00000000-0000-7000-8000-000000000000"},
    "messaging:request-decline": {"conversation_id": "00000000-0000-7000-8000-000000000000"},
    "messaging:free-set": {"user_id": "00000000-0000-7000-8000-000000000000"},
    "messaging:free-remove": {"user_id": "00000000-0000-7000-8000-000000000000"},
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
    # -- money: wallet, statement, receipts
    "credits:statement-file": {},
    "moderation:money-check": {},
    # -- money: payouts
    "payments:payout-method": {"method_id": "00000000-0000-7000-8000-000000000000"},  # leads on to all of them
    "payments:payout-method-onboard": {"method_id": "00000000-0000-7000-8000-000000000000"},
    "payments:payout-method-remove": {"method_id": "00000000-0000-7000-8000-000000000000"},
    "payments:payout-cancel": {"payout_id": "00000000-0000-7000-8000-000000000000"},
    "payments:payout-year-file": {"year": "2026", "kind": "csv"},
    **{
        f"moderation:transfer-{deed}": {"uid": "00000000-0000-7000-8000-000000000000"}
        for deed in ("account", "sent", "returned")
    },
    # -- staff pages
    "moderation:take-next": {"kind": "nothing"},
    **{
        f"moderation:case-{deed}": {"uid": "00000000-0000-7000-8000-000000000000"}
        for deed in ("take", "release", "pass-on", "note", "decide")
    },
    "moderation:sign-in-end": {"family": "00000000-0000-7000-8000-000000000000"},
    "moderation:sign-ins-file": {},
    "moderation:accounts-file": {},
    "moderation:account-suspend": {"uid": "00000000-0000-7000-8000-000000000000"},
    "moderation:account-unsuspend": {"uid": "00000000-0000-7000-8000-000000000000"},
    "moderation:audit-file": {},
    # -- discovery
    "profiles:search-rename": {"search_id": "00000000-0000-7000-8000-000000000000"},
    "profiles:search-delete": {"search_id": "00000000-0000-7000-8000-000000000000"},
    # -- nearby and places
    # -- pictures
    "profiles:picture-change": {"uid": "00000000-0000-7000-8000-000000000000"},
    "profiles:picture-move": {"uid": "00000000-0000-7000-8000-000000000000"},
    "profiles:picture-remove": {"uid": "00000000-0000-7000-8000-000000000000"},
    "profiles:picture-file": {"uid": "00000000-0000-7000-8000-000000000000", "width": "320"},  # a file, no page
    # -- money: shop
    "payments:shop-unlock": {"item_id": "00000000-0000-7000-8000-000000000000"},
    "payments:shop-state": {"item_id": "00000000-0000-7000-8000-000000000000"},
    "payments:shop-remove": {"item_id": "00000000-0000-7000-8000-000000000000"},
    "payments:shop-picture-add": {"item_id": "00000000-0000-7000-8000-000000000000"},
    "payments:shop-picture-remove": {
        "item_id": "00000000-0000-7000-8000-000000000000",
        "file_id": "00000000-0000-7000-8000-000000000000",
    },
    "payments:shop-file": {  # a file, no page
        "item_id": "00000000-0000-7000-8000-000000000000",
        "file_id": "00000000-0000-7000-8000-000000000000",
    },
    "payments:library-file": {
        "unlock_id": "00000000-0000-7000-8000-000000000000",
        "file_id": "00000000-0000-7000-8000-000000000000",
        "width": "640",
    },
    "payments:sale-refund": {"unlock_id": "00000000-0000-7000-8000-000000000000"},
    # -- certificates
    "trust:transparency-document": {},
    "trust:certificate-keys": {},
    "trust:certificates-revoked": {},
    "trust:certificate-file": {"code": "AAAAAAAAAAAAAAAA"},
    "trust:certificate-revoke": {"code": "AAAAAAAAAAAAAAAA"},
    # -- people one knows
    **{f"profiles:list-{deed}": {"list_id": "00000000-0000-7000-8000-000000000000"} for deed in LIST_DEEDS},
    **{f"profiles:{deed}": {"user_id": "00000000-0000-7000-8000-000000000000"} for deed in DEEDS},
    # -- visits and facts
    # -- presence and visibility
    # -- blocks
    "users:unblock": {"user_id": "00000000-0000-7000-8000-000000000000"},
    # -- notifications
    "users:notifications-read-all": {},
    "users:notification-open": {"notification_id": "00000000-0000-7000-8000-000000000000"},
    # -- web push and announcements
    "site:manifest": {},
    "site:service-worker": {},
    "users:push-device-remove": {"device_id": "00000000-0000-7000-8000-000000000000"},
    "users:push-device-test": {"device_id": "00000000-0000-7000-8000-000000000000"},
    "moderation:announcement-withdraw": {"uid": "00000000-0000-7000-8000-000000000000"},
    # -- verifications
    "trust:verification-withdraw": {"uid": "00000000-0000-7000-8000-000000000000"},
    "moderation:verification-file": {"uid": "00000000-0000-7000-8000-000000000000", "kind": "document"},  # a file
    # -- reports, appeals
    "moderation:report-file": {"uid": "00000000-0000-7000-8000-000000000000"},  # a file
    "moderation:delivery-resend": {"uid": "00000000-0000-7000-8000-000000000000"},
    "moderation:report-attachment": {"uid": "00000000-0000-7000-8000-000000000000"},  # a file
    "moderation:appeal-answer": {"uid": "00000000-0000-7000-8000-000000000000"},
    # -- whose a case is, kept texts
    "moderation:case-unassign": {"uid": "00000000-0000-7000-8000-000000000000"},
    "moderation:reason-retire": {"uid": "00000000-0000-7000-8000-000000000000"},
    "moderation:reason-restore": {"uid": "00000000-0000-7000-8000-000000000000"},
}
