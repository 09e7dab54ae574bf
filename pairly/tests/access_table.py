"""Who may do what, at every address there is. A route that is missing here fails the build with its name.

Routes are named as in the URL configuration, those of the API without "api-v1:". To add one: one line, with `who`
for each method that exists, what stands in its URL (`World.objects`), and a body with which it succeeds.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from . import access_setups as make
from .access_setups import NEW_PASSWORD, PROFILE, SIGN_UP, Scene
from .access_world import PASSWORD

# Who may: everybody; whoever is signed in, on what is theirs; the owner of the object in the URL; nobody here.
# Every other value is a permission of staff, STAFF for all of them.
PUBLIC, SIGNED_IN, OWNER, NOBODY, STAFF = "public", "signed in", "owner", "nobody", "staff"

Body = Callable[[Scene], Any] | dict[str, Any] | None
AUDIT = "a look at somebody's data is recorded (E11)"


@dataclass(frozen=True, kw_only=True)
class Access:
    """One method of one route.

    `asks_proof`: refused with `step_up_required` without a fresh one. `refusal`: what others get who are signed in.
    `idle`: why a call that succeeds changes nothing. `writes`: tables that a GET may add to or touch, each with the
    reason. `success_by`: who shows that it works, where that is not the obvious one.
    """

    who: str
    body: Body = None
    asks_proof: bool = False
    refusal: int = 404
    idle: str = ""
    writes: dict[str, str] = field(default_factory=dict)
    success_by: str = ""
    headers: Callable[[Any], dict[str, str]] | None = None


@dataclass(frozen=True, kw_only=True)
class Route:
    methods: dict[str, Access]
    objects: dict[str, str] = field(default_factory=dict)


def route(objects: dict[str, str] | None = None, /, **methods: Access | str) -> Route:
    """A route; a method's value is its Access, or only who may."""
    found = {name: Access(who=one) if isinstance(one, str) else one for name, one in methods.items()}
    return Route(methods=found, objects=objects or {})


def ask(who: str, body: Body = None, **more: Any) -> Access:
    return Access(who=who, body=body, **more)


def prove(who: str, body: Body = None, **more: Any) -> Access:
    """What takes a fresh proof too."""
    return Access(who=who, body=body, asks_proof=True, **more)


def idempotency_key(_: Any) -> dict[str, str]:
    return {"Idempotency-Key": str(uuid.uuid4())}


def if_match(_: Any) -> dict[str, str]:
    return {"If-Match": "1"}


SIGNED_OUT = {"success_by": "owner"}
LOOK = {"writes": {"security_auditentry": AUDIT}}
CASE_LOOK = {"writes": {"security_auditentry": AUDIT, "moderation_workitem": "looking at one's own case keeps it"}}
ASKED = {"writes": {"payments_payment": "the provider is asked what became of it"}}
SESSION, DEVICE, REQUEST = {"session_id": "session"}, {"device_id": "device"}, {"challenge_id": "sign-in request"}
EXPORT, PASSKEY, PAYMENT = {"export_id": "export"}, {"passkey_id": "passkey"}, {"payment_id": "payment"}
PEER, CONVERSATION = {"user_id": "peer"}, {"conversation_id": "conversation"}
QUEUE, CASE, MEMBER, INVITATION = {"kind": "queue"}, {"uid": "case"}, {"uid": "member"}, {"uid": "invitation"}
BAN_OBJECT = {"uid": "ban"}

RECOVERIES, INVITE, BAN = "users.staff_review_recoveries", "users.staff_invite", "users.staff_ban_ips"
SIGN_INS, AUDIT_LOG, END = "users.staff_view_sign_ins", "users.staff_view_audit", "users.staff_end_sessions"
CHANGE_PASSWORD = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
BUY = {"package_id": "credits-500", "provider": "stripe", "currency": "USD"}

PAGES: dict[str, Route] = {
    "site:home": route(GET=PUBLIC),
    "site:how-it-works": route(GET=PUBLIC),
    "site:prices": route(GET=PUBLIC),
    "site:design": route(GET=NOBODY),  # shown on developers' machines only
    "site:health": route(GET=PUBLIC),
    "site:version": route(GET=PUBLIC),
    "site:ready": route(GET=PUBLIC),
    "site:metrics": route(GET=PUBLIC),  # on this machine without a token; see test_metrics
    "site:security-txt": route(GET=NOBODY),  # where a contact is named only
    "media": route({"name": "public picture"}, GET=PUBLIC),
    # -- users: ways in and out
    "users:sign-up": route(GET=PUBLIC, POST=ask(PUBLIC, SIGN_UP)),
    "users:sign-in": route(GET=PUBLIC, POST=ask(PUBLIC, make.password)),
    "users:sign-out": route(POST=ask(PUBLIC, **SIGNED_OUT)),
    "users:password-forgot": route(GET=PUBLIC, POST=ask(PUBLIC, {"email": make.OWNER_EMAIL})),
    "users:password-reset": route(GET=PUBLIC, POST=ask(PUBLIC, make.reset_code)),
    "users:second-step": route(GET=ask(PUBLIC, make.waiting_page), POST=ask(PUBLIC, make.waiting_page)),
    "users:second-step-code": route(POST=ask(PUBLIC, make.waiting_for_mail)),
    "users:passkey-sign-in-begin": route(POST=ask(PUBLIC, {})),
    "users:passkey-sign-in-finish": route(POST=ask(PUBLIC, make.passkey_sign_in_page)),
    "users:unlock": route(GET=PUBLIC, POST=ask(PUBLIC, make.locked)),
    "users:invitation": route(GET=PUBLIC, POST=ask(PUBLIC, make.invited)),
    "users:factor-recovery": route(GET=PUBLIC, POST=ask(PUBLIC, make.waiting_lost)),
    "users:email-undo": route(GET=PUBLIC, POST=ask(PUBLIC, make.address_changed)),
    # -- users: one's own account
    "users:password-change": route(GET=SIGNED_IN, POST=ask(SIGNED_IN, CHANGE_PASSWORD)),
    "users:email-verify": route(GET=ask(SIGNED_IN, make.unverified), POST=ask(SIGNED_IN, make.email_code)),
    "users:email-resend": route(POST=ask(SIGNED_IN, make.unverified)),
    "users:sessions": route(GET=SIGNED_IN),
    "users:sessions-end-others": route(POST=SIGNED_IN),
    "users:session-end": route(SESSION, POST=OWNER),
    "users:sign-ins": route(GET=SIGNED_IN),
    "users:phone": route(GET=SIGNED_IN, POST=prove(SIGNED_IN, {"phone": "+442079460959"})),
    "users:step-up": route(GET=SIGNED_IN, POST=ask(SIGNED_IN, make.step_up_body)),
    "users:security": route(GET=SIGNED_IN),
    "users:two-factor": route(GET=SIGNED_IN, POST=prove(SIGNED_IN, make.totp_code)),
    "users:totp-begin": route(POST=prove(SIGNED_IN)),
    "users:email-factor-on": route(POST=prove(SIGNED_IN, make.email_factor)),
    "users:backup-codes": route(GET=SIGNED_IN, POST=prove(SIGNED_IN)),
    "users:passkeys": route(GET=SIGNED_IN),
    "users:passkey-remove": route(PASSKEY, POST=prove(OWNER)),
    "users:devices": route(GET=SIGNED_IN),
    "users:unlock-elsewhere": route(POST=ask(SIGNED_IN, make.locked)),
    "users:device-forget": route(DEVICE, POST=OWNER),
    "users:device-trust": route(DEVICE, POST=prove(OWNER)),
    "users:sign-in-request": route(REQUEST, GET=OWNER, POST=prove(OWNER, {"answer": "yes"})),
    "users:factor-recovery-cancel": route(POST=ask(SIGNED_IN, make.recovery)),
    "users:privacy": route(GET=SIGNED_IN),
    "users:export-request": route(POST=prove(SIGNED_IN, make.no_export)),
    "users:export-file": route(EXPORT, GET=prove(OWNER, **LOOK)),
    "users:deactivate": route(POST=prove(SIGNED_IN)),
    "users:come-back": route(POST=ask(SIGNED_IN, make.resting)),
    "users:delete-account": route(GET=SIGNED_IN, POST=prove(SIGNED_IN, make.agreed)),
    "users:accesses": route(GET=SIGNED_IN),
    "users:email-change": route(GET=SIGNED_IN, POST=prove(SIGNED_IN, {"new_email": make.NEW_EMAIL})),
    "users:email-confirm": route(POST=ask(SIGNED_IN, make.address_asked)),
    "users:email-cancel": route(POST=ask(SIGNED_IN, make.address_asked)),
    # -- profiles, credits, messaging, payments
    "profiles:discover": route(GET=PUBLIC),
    "profiles:creator": route(PEER, GET=PUBLIC),
    "profiles:edit": route(GET=SIGNED_IN, POST=ask(SIGNED_IN, PROFILE)),
    "credits:wallet": route(GET=SIGNED_IN),
    "messaging:inbox": route(GET=SIGNED_IN),
    "messaging:keys": route(GET=SIGNED_IN),
    "messaging:conversation-start": route(POST=ask(SIGNED_IN, make.to_the_peer, idle="they write to each other")),
    "messaging:conversation": route(CONVERSATION, GET=OWNER),
    "payments:buy": route(GET=SIGNED_IN, POST=ask(SIGNED_IN, {**BUY, "nonce": str(uuid.UUID(int=9))})),
    "payments:payment-detail": route(PAYMENT, GET=ask(OWNER, **ASKED)),
    # -- staff
    "moderation:home": route(GET=STAFF),
    "moderation:queue": route(QUEUE, GET=RECOVERIES),
    "moderation:take-next": route(QUEUE, POST=RECOVERIES),
    "moderation:case": route(CASE, GET=ask(RECOVERIES, **CASE_LOOK)),
    "moderation:case-take": route(CASE, POST=RECOVERIES),
    "moderation:case-release": route(CASE, POST=ask(RECOVERIES, make.held_case)),
    "moderation:case-pass-on": route(CASE, POST=ask(RECOVERIES, make.held_case)),
    "moderation:case-note": route(CASE, POST=ask(RECOVERIES, make.held_case)),
    "moderation:case-decide": route(CASE, POST=ask(RECOVERIES, make.held_case)),
    "moderation:sign-ins": route(GET=ask(SIGN_INS, **LOOK)),
    "moderation:sign-ins-file": route(GET=ask(SIGN_INS, **LOOK)),
    "moderation:sign-in-end": route({"family": "session"}, POST=END),
    "moderation:audit": route(GET=ask(AUDIT_LOG, **LOOK)),
    "moderation:audit-file": route(GET=ask(AUDIT_LOG, **LOOK)),
    "moderation:people": route(GET=INVITE),
    "moderation:member": route(MEMBER, GET=INVITE, POST=prove(INVITE, {"roles": ["support"]})),
    "moderation:member-remove": route(MEMBER, POST=prove(INVITE)),
    "moderation:invitations": route(GET=INVITE, POST=prove(INVITE, {"email": "a@example.org", "roles": ["support"]})),
    "moderation:invitation-revoke": route(INVITATION, POST=prove(INVITE)),
    "moderation:bans": route(
        GET=BAN, POST=ask(BAN, {"network": "203.0.113.8", "duration_seconds": "3600", "reason": "Scripted sign-ups"})
    ),
    "moderation:ban-lift": route(BAN_OBJECT, POST=BAN),
}

API: dict[str, Route] = {
    "health": route(GET=PUBLIC),
    "version": route(GET=PUBLIC),
    "ready": route(GET=PUBLIC),
    "metrics": route(GET=PUBLIC),
    "schema": route(GET=PUBLIC),
    "docs": route(GET=PUBLIC),
    # -- users
    "users:account-create": route(POST=ask(PUBLIC, SIGN_UP)),
    "users:account-create-alias": route(POST=ask(PUBLIC, SIGN_UP)),
    "users:session-create": route(POST=ask(PUBLIC, make.password)),
    "users:session-refresh": route(POST=ask(PUBLIC, make.refresh_token)),
    "users:session-end": route(POST=ask(PUBLIC, make.refresh_token)),
    "users:session-list": route(GET=SIGNED_IN, DELETE=SIGNED_IN),
    "users:session-detail": route(SESSION, GET=OWNER, DELETE=OWNER),
    "users:password-change": route(POST=ask(SIGNED_IN, CHANGE_PASSWORD)),
    "users:password-forgot": route(POST=ask(PUBLIC, {"email": make.OWNER_EMAIL})),
    "users:password-reset": route(POST=ask(PUBLIC, make.reset_code)),
    "users:email-verify": route(POST=ask(SIGNED_IN, make.email_code)),
    "users:email-resend": route(POST=ask(SIGNED_IN, make.unverified)),
    "users:login-history": route(GET=SIGNED_IN),
    "users:phone": route(GET=SIGNED_IN, PUT=prove(SIGNED_IN, {"phone": "+442079460959"})),
    "users:second-step": route(POST=ask(PUBLIC, make.waiting)),
    "users:second-step-alias": route(POST=ask(PUBLIC, make.waiting)),
    "users:second-step-code": route(POST=ask(PUBLIC, make.waiting_for_mail)),
    "users:second-step-backup-code": route(POST=ask(PUBLIC, make.waiting)),
    "users:step-up": route(GET=SIGNED_IN, POST=ask(SIGNED_IN, make.step_up_body)),
    "users:factor-state": route(GET=SIGNED_IN),
    "users:totp-begin": route(POST=prove(SIGNED_IN, {})),
    "users:totp-begin-alias": route(POST=prove(SIGNED_IN, {})),
    "users:totp-confirm": route(POST=prove(SIGNED_IN, make.totp_code)),
    "users:totp-confirm-alias": route(POST=prove(SIGNED_IN, make.totp_code)),
    "users:totp-disable": route(POST=ask(SIGNED_IN, make.totp_off)),
    "users:totp-disable-alias": route(POST=ask(SIGNED_IN, make.totp_off)),
    "users:backup-codes": route(POST=prove(SIGNED_IN, {})),
    "users:email-factor": route(POST=prove(SIGNED_IN, make.email_factor)),
    "users:passkey-list": route(GET=SIGNED_IN),
    "users:passkey-detail": route(PASSKEY, DELETE=prove(OWNER)),
    "users:passkey-register-begin": route(POST=prove(SIGNED_IN, {})),
    "users:passkey-register-finish": route(POST=ask(SIGNED_IN, make.passkey_made)),  # the ceremony was begun with proof
    "users:passkey-login-begin": route(POST=ask(PUBLIC, {})),
    "users:passkey-login-finish": route(POST=ask(PUBLIC, make.passkey_sign_in)),
    "users:passkey-step-up-begin": route(POST=ask(SIGNED_IN, make.real_passkey)),
    "users:passkey-step-up-finish": route(POST=ask(SIGNED_IN, make.passkey_proof)),
    "users:unlock": route(POST=ask(PUBLIC, make.locked)),
    "users:lockout": route(GET=SIGNED_IN, DELETE=ask(SIGNED_IN, make.locked)),
    "users:device-list": route(GET=SIGNED_IN),
    "users:device-detail": route(DEVICE, GET=OWNER, DELETE=OWNER),
    "users:device-trust": route(DEVICE, POST=prove(OWNER, {})),
    "users:sign-in-request-list": route(GET=SIGNED_IN),
    "users:sign-in-request-detail": route(REQUEST, GET=OWNER),
    "users:sign-in-request-approve": route(REQUEST, POST=prove(OWNER, {})),
    "users:sign-in-request-refuse": route(REQUEST, POST=ask(OWNER, {})),
    "users:factor-recovery-create": route(POST=ask(PUBLIC, make.waiting_lost)),
    "users:factor-recovery": route(GET=ask(SIGNED_IN, make.recovery), DELETE=ask(SIGNED_IN, make.recovery)),
    "users:export-list": route(GET=SIGNED_IN, POST=prove(SIGNED_IN, make.no_export)),
    "users:export-detail": route(EXPORT, GET=OWNER),
    "users:export-file": route(EXPORT, GET=prove(OWNER, **LOOK)),
    "users:deactivation": route(POST=prove(SIGNED_IN, {}), DELETE=ask(SIGNED_IN, make.resting)),
    "users:deletion": route(GET=SIGNED_IN, POST=prove(SIGNED_IN, make.agreed), DELETE=ask(SIGNED_IN, make.resting)),
    "users:access-list": route(GET=SIGNED_IN),
    "users:email-change": route(
        POST=prove(SIGNED_IN, {"new_email": make.NEW_EMAIL}), DELETE=ask(SIGNED_IN, make.address_asked)
    ),
    "users:email-change-confirm": route(POST=ask(SIGNED_IN, make.address_asked)),
    "users:email-undo": route(POST=ask(PUBLIC, make.address_changed)),
    # -- profiles, credits
    "profiles:profile-own": route(
        GET=SIGNED_IN, POST=ask(SIGNED_IN, make.no_profile), PUT=ask(SIGNED_IN, PROFILE), DELETE=SIGNED_IN
    ),
    "profiles:profile-detail": route(  # a profile may be seen, so a stranger is told that it is not theirs
        {"user_id": "owner"}, GET=SIGNED_IN, PUT=ask(OWNER, PROFILE, refusal=403), DELETE=ask(OWNER, refusal=403)
    ),
    "profiles:profile-discover": route(GET=PUBLIC),
    "credits:balance": route(GET=SIGNED_IN),
    "credits:transaction-list": route(GET=SIGNED_IN),
    "credits:lot-list": route(GET=SIGNED_IN),
    "credits:earnings": route(GET=SIGNED_IN),
    # -- messaging
    "messaging:key-statements": route(POST=ask(SIGNED_IN, make.statement)),
    "messaging:key-session": route(GET=SIGNED_IN),
    "messaging:key-bind": route(POST=ask(SIGNED_IN, make.binding)),
    "messaging:key-server": route(GET=SIGNED_IN),
    "messaging:key-backup": route(GET=SIGNED_IN, PUT=ask(SIGNED_IN, make.key_backup, headers=if_match)),
    "messaging:key-bundle": route(PEER, GET=SIGNED_IN),
    "messaging:key-log": route(PEER, GET=SIGNED_IN),
    "messaging:message-send": route(POST=ask(SIGNED_IN, make.letter)),
    "messaging:conversation-list": route(
        GET=SIGNED_IN, POST=ask(SIGNED_IN, make.to_the_peer, idle="they write to each other")
    ),
    "messaging:conversation-mark": route(CONVERSATION, POST=ask(OWNER, {"read_n": 1})),
    "messaging:message-history": route(PEER, GET=SIGNED_IN),
    # -- payments
    "payments:package-list": route(GET=PUBLIC),
    "payments:checkout-create": route(POST=ask(SIGNED_IN, BUY, headers=idempotency_key)),
    "payments:webhook-receive": route(POST=ask(PUBLIC, make.webhook, headers=make.webhook_headers)),
    "payments:webhook-receive-stripe": route(POST=ask(PUBLIC, make.webhook, headers=make.webhook_headers)),
    "payments:webhook-receive-razorpay": route(POST=ask(NOBODY, {}, refusal=503)),  # not sold there yet
    "payments:payment-detail": route(PAYMENT, GET=OWNER),
    # -- staff
    "moderation:login-history": route(GET=ask(SIGN_INS, **LOOK)),
    "moderation:invitation-list": route(
        GET=INVITE, POST=prove(INVITE, {"email": "a@example.org", "roles": ["support"]})
    ),
    "moderation:invitation-detail": route(INVITATION, GET=INVITE, DELETE=prove(INVITE)),
    "moderation:ban-list": route(GET=BAN),
    "moderation:ban-create": route(POST=ask(BAN, {"ip": "203.0.113.8", "reason": "Scripted sign-ups"})),
    "moderation:ban-lift": route(POST=ask(BAN, {"ip": "203.0.113.7"})),
}
