"""Who may do what, at every address there is. A route that is missing here fails the build with its name.

Routes are named as in the URL configuration, those of the API without "api-v1:". To add one: one line, with `who`
for each method that exists, what stands in its URL (`World.objects`), and a body with which it succeeds.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from . import access_certificates as certificates
from . import access_organisations as organisations
from . import access_setups as make
from . import access_shop as shop
from . import access_trust as trust
from . import access_verifications as verifying
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
    reason. `success_by`: who shows that it works, where that is not the obvious one. `query`: what a GET must ask for.
    """

    who: str
    body: Body = None
    asks_proof: bool = False
    refusal: int = 404
    idle: str = ""
    writes: dict[str, str] = field(default_factory=dict)
    success_by: str = ""
    headers: Callable[[Any], dict[str, str]] | None = None
    query: str = ""


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


def refund_key(_: Any) -> dict[str, str]:
    return {"Idempotency-Key": str(make.REFUND_KEY)}


def octets(_: Any) -> dict[str, str]:
    return {"Content-Type": "application/octet-stream"}


def if_match(_: Any) -> dict[str, str]:
    return {"If-Match": "1"}


SIGNED_OUT = {"success_by": "owner"}
LOOK = {"writes": {"security_auditentry": AUDIT}}
CASE_LOOK = {"writes": {"security_auditentry": AUDIT, "moderation_workitem": "looking at one's own case keeps it"}}
ASKED = {"writes": {"payments_payment": "the provider is asked what became of it"}}
SESSION, DEVICE, REQUEST = {"session_id": "session"}, {"device_id": "device"}, {"challenge_id": "sign-in request"}
EXPORT, PASSKEY, PAYMENT = {"export_id": "export"}, {"passkey_id": "passkey"}, {"payment_id": "payment"}
PAID = {"message_id": "paid message"}
UPLOAD = {"uid": "upload"}
PEER, CONVERSATION = {"user_id": "peer"}, {"conversation_id": "conversation"}
QUEUE, CASE, MEMBER, INVITATION = {"kind": "queue"}, {"uid": "case"}, {"uid": "member"}, {"uid": "invitation"}
PICTURE = {"uid": "private picture"}
BAN_OBJECT = {"uid": "ban"}
CERTIFICATE = {"code": "certificate"}
ORGANISATION, REPRESENTATION = {"uid": "organisation"}, {"uid": "representation"}
ORGANISATION_MEMBER = ORGANISATION | {"user_id": "organisation member"}
NAMED, WEBHOOK = {"name": "Another Name"}, {"uid": "webhook"}
LIST = {"list_id": "people list"}
VERIFICATION, VERIFY = {"uid": "verification"}, "users.staff_review_verifications"
DOCUMENT = VERIFICATION | {"kind": "document kind"}

SEARCH, SEARCH_TO_KEEP = {"search_id": "search"}, {"name": "All about clay", "query": "q=clay"}
APPROVAL = {"approval_id": "key approval"}
NOTIFICATION = {"notification_id": "notification"}
ONE_CLICK = {"List-Unsubscribe": "One-Click"}
PUSH, TOLD, ANNOUNCE = {"device_id": "push device"}, {"uid": "announcement"}, "users.staff_announce"
ANNOUNCED = {"uid": "00000000-0000-7000-8000-00000000000a", "title": "New", "body": "There is news.", "audience": "all"}

PAYOUT, METHOD, REVIEW = {"payout_id": "payout"}, {"method_id": "payout method"}, "users.staff_review_payouts"
ASKED_METHOD = {"writes": {"payments_payoutmethod": "the provider is asked what it still needs"}}
TRANSFER = {"uid": "payout"}
RECOVERIES, INVITE, BAN = "users.staff_review_recoveries", "users.staff_invite", "users.staff_ban_ips"
SIGN_INS, AUDIT_LOG, END = "users.staff_view_sign_ins", "users.staff_view_audit", "users.staff_end_sessions"
PAYOUTS, RISK, ALERT = "users.staff_view_payouts", "users.staff_review_risk", {"uid": "fraud alert"}
PAYOUTS = "users.staff_view_payouts"
REPORTS, APPEALS, SUSPENDING = "users.staff_review_reports", "users.staff_decide_appeals", "users.staff_suspend_users"
REASONS, REASON = "users.staff_edit_reasons", {"uid": "kept text"}
FIGURES = "users.staff_view_analytics"
ACCOUNTS, ACCOUNT = "users.staff_view_users", {"uid": "peer"}
SANCTION, APPEAL = {"uid": "sanction"}, {"uid": "appeal"}
READ = {"writes": {"moderation_sanction": "that its statement was read"}}
RESEND = "users.staff_resend_webhooks"
REPORTED = {"uid": "report attachment"}
CHANGE_PASSWORD = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
ITEM, OWN_ITEM, UNLOCK, SALE = (
    {"item_id": "ware"},
    {"item_id": "own item"},
    {"unlock_id": "unlock"},
    {"unlock_id": "sale"},
)
OWN_FILE, BOUGHT_FILE = OWN_ITEM | {"file_id": "own file"}, UNLOCK | {"file_id": "unlock file", "width": "unlock width"}
CASE_OF_MINE, TOUCHED_CASE = {"case_id": "money back"}, {"case_id": "touched case"}
BUY = {"package_id": "credits-500", "provider": "stripe", "currency": "USD"}

PAGES: dict[str, Route] = {
    "site:home": route(GET=PUBLIC),
    "site:how-it-works": route(GET=PUBLIC),
    "site:prices": route(GET=PUBLIC),
    "site:design": route(GET=NOBODY),  # shown on developers' machines only
    "site:health": route(GET=PUBLIC),
    "site:version": route(GET=PUBLIC),
    "site:socket-document": route(GET=PUBLIC),
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
    "profiles:creator": route(PEER, GET=PUBLIC),
    "profiles:edit": route(GET=SIGNED_IN, POST=ask(SIGNED_IN, PROFILE)),
    "profiles:create": route(GET=SIGNED_IN, POST=ask(SIGNED_IN, make.no_profile)),
    "profiles:remove": route(GET=SIGNED_IN, POST=SIGNED_IN),
    "credits:wallet": route(GET=SIGNED_IN),
    # -- money: caps
    "credits:caps": route(GET=SIGNED_IN, POST=ask(SIGNED_IN, {"day": "50", "week": "", "month": "500"})),
    "credits:cap-keep": route(POST=ask(SIGNED_IN, {"cap": "day"})),
    "credits:cool-off": route(POST=ask(SIGNED_IN, {"length": "day", "is_sure": "on"})),
    "messaging:inbox": route(GET=SIGNED_IN),
    "messaging:keys": route(GET=SIGNED_IN),
    # -- chat: planned
    "messaging:planned": route(GET=SIGNED_IN),
    "messaging:plan-cancel": route({"plan_id": "plan"}, POST=OWNER),
    "messaging:conversation-start": route(POST=ask(SIGNED_IN, make.to_the_peer, idle="they write to each other")),
    "messaging:conversation": route(CONVERSATION, GET=OWNER),
    # -- chat: trust
    "messaging:safety": route(CONVERSATION, GET=OWNER),
    # -- chat: requests, away, free
    "profiles:away": route(GET=ask(SIGNED_IN, make.a_creator), POST=ask(SIGNED_IN, make.away_form)),
    "messaging:contact": route(GET=ask(SIGNED_IN, make.a_creator)),
    "messaging:free-set": route(PEER, POST=ask(SIGNED_IN, make.a_creator_with_a_fan)),
    "messaging:free-remove": route(PEER, POST=ask(SIGNED_IN, make.a_fan_who_writes_for_free)),
    "messaging:request-accept": route(CONVERSATION, POST=ask(OWNER, make.a_request)),
    "messaging:request-decline": route(CONVERSATION, POST=ask(OWNER, make.a_request)),
    # -- money: wallet, statement, receipts
    "credits:lots": route(GET=SIGNED_IN),
    "credits:statement": route(GET=SIGNED_IN),
    "credits:statement-file": route(GET=SIGNED_IN),
    "credits:earnings": route(GET=ask(SIGNED_IN, make.a_creator)),
    "payments:payment-list": route(GET=SIGNED_IN),
    "payments:receipt": route(PAYMENT, GET=ask(OWNER, make.paid)),
    "payments:money-back": route(CASE_OF_MINE, GET=OWNER),
    "payments:touched": route(GET=SIGNED_IN),
    "payments:touched-case": route(TOUCHED_CASE, GET=OWNER),
    "payments:buy": route(GET=SIGNED_IN, POST=ask(SIGNED_IN, {**BUY, "nonce": str(uuid.UUID(int=9))})),
    "payments:payment-detail": route(PAYMENT, GET=ask(OWNER, **ASKED)),
    # -- money: shop
    "payments:shop": route(PEER, GET=PUBLIC),
    "payments:shop-item": route(ITEM, GET=PUBLIC),
    "payments:shop-unlock": route(ITEM, POST=ask(SIGNED_IN, shop.UNLOCK_FORM)),
    "payments:library": route(GET=SIGNED_IN),
    "payments:library-item": route(UNLOCK, GET=OWNER),
    # whoever is not signed in is not sent to sign in by a picture
    "payments:library-file": route(BOUGHT_FILE, GET=ask(PUBLIC, success_by="owner")),
    "payments:shop-own": route(GET=ask(SIGNED_IN, shop.a_seller)),
    "payments:shop-new": route(GET=ask(SIGNED_IN, shop.a_seller), POST=ask(SIGNED_IN, shop.item_form)),
    "payments:sales": route(GET=ask(SIGNED_IN, shop.a_seller)),
    "payments:sale-refund": route(SALE, POST=ask(OWNER, shop.empty)),
    "payments:shop-edit": route(OWN_ITEM, GET=ask(OWNER, shop.a_seller), POST=ask(OWNER, shop.item_form)),
    "payments:shop-state": route(OWN_ITEM, POST=ask(OWNER, shop.off_sale)),
    "payments:shop-remove": route(OWN_ITEM, POST=ask(OWNER, shop.empty)),
    "payments:shop-picture-add": route(OWN_ITEM, POST=ask(OWNER, shop.a_picture)),
    "payments:shop-file": route(OWN_FILE, GET=ask(OWNER, shop.a_seller)),
    "payments:shop-picture-remove": route(OWN_FILE, POST=ask(OWNER, shop.empty)),
    # -- discovery
    "profiles:discover": route(GET=PUBLIC),
    "profiles:searches": route(GET=SIGNED_IN, POST=ask(SIGNED_IN, SEARCH_TO_KEEP)),
    "profiles:search-rename": route(SEARCH, POST=ask(OWNER, {"name": "Other clay"})),
    "profiles:search-delete": route(SEARCH, POST=OWNER),
    # -- nearby and places
    "profiles:nearby": route(GET=PUBLIC),
    # -- pictures
    "profiles:pictures": route(GET=SIGNED_IN, POST=ask(SIGNED_IN, make.portrait_form)),
    "profiles:picture-change": route(PICTURE, POST=ask(OWNER, {"alt": "A hall", "audience": "everyone"})),
    "profiles:picture-move": route(PICTURE, POST=ask(OWNER, make.one_more_picture)),
    "profiles:picture-remove": route(PICTURE, POST=OWNER),
    # for connections: a stranger is told nothing, and whoever is not signed in is not sent to sign in by a picture
    "profiles:picture-file": route({**PICTURE, "width": "picture width"}, GET=ask(PUBLIC, success_by="owner")),
    # -- people one knows
    "profiles:people": route(GET=SIGNED_IN),
    "profiles:connections": route(GET=SIGNED_IN),
    "profiles:lists": route(GET=SIGNED_IN, POST=ask(SIGNED_IN, {"name": "Tea"})),
    "profiles:list": route(LIST, GET=OWNER, POST=ask(OWNER, {"name": "Tea"})),
    "profiles:list-add": route(LIST, POST=ask(OWNER, make.to_the_peer)),
    "profiles:list-remove": route(LIST, POST=ask(OWNER, make.listed)),
    "profiles:list-delete": route(LIST, POST=OWNER),
    "profiles:follow": route(PEER, POST=SIGNED_IN),
    "profiles:unfollow": route(PEER, POST=ask(SIGNED_IN, make.following)),
    "profiles:connect": route(PEER, POST=SIGNED_IN),
    "profiles:connection-accept": route(PEER, POST=ask(SIGNED_IN, make.asked_by_the_peer, refusal=404)),
    "profiles:connection-decline": route(PEER, POST=ask(SIGNED_IN, make.asked_by_the_peer)),
    "profiles:connection-withdraw": route(PEER, POST=ask(SIGNED_IN, make.asks_the_peer)),
    "profiles:disconnect": route(PEER, POST=ask(SIGNED_IN, make.connected)),
    # -- visits and facts
    "profiles:visitors": route(GET=SIGNED_IN),
    # -- presence and visibility
    "profiles:visibility": route(GET=SIGNED_IN, POST=ask(SIGNED_IN, {"shows_online": "on"})),
    # -- blocks
    "users:blocked": route(GET=SIGNED_IN),
    "users:block": route(PEER, GET=SIGNED_IN, POST=ask(SIGNED_IN, {"reason": "Rude"})),
    "users:unblock": route(PEER, POST=ask(OWNER, make.blocking_the_peer)),
    # -- notifications
    "users:notifications": route(GET=SIGNED_IN),
    "users:notifications-read-all": route(POST=ask(SIGNED_IN, make.told)),
    "users:notification-settings": route(GET=SIGNED_IN, POST=ask(SIGNED_IN, make.hearing_form)),
    "users:notification-open": route(NOTIFICATION, POST=OWNER),
    # Who has the token of a mail ends these mails, signed in or not.
    "users:notification-mails-stop": route({"token": "stop token"}, GET=PUBLIC, POST=ask(PUBLIC, ONE_CLICK)),
    # -- web push and announcements
    "users:push-devices": route(GET=SIGNED_IN),
    "users:push-device-remove": route(PUSH, POST=OWNER),
    "users:push-device-test": route(PUSH, POST=OWNER),
    "users:announcements": route(GET=SIGNED_IN),
    "site:manifest": route(GET=PUBLIC),
    "site:service-worker": route(GET=PUBLIC),
    "site:offline": route(GET=PUBLIC),
    "moderation:announcements": route(GET=ANNOUNCE, POST=prove(ANNOUNCE, {**ANNOUNCED, "action": "publish"})),
    "moderation:announcement-withdraw": route(TOLD, POST=prove(ANNOUNCE)),
    # -- staff
    "moderation:home": route(GET=STAFF),
    "moderation:queue": route(QUEUE, GET=RECOVERIES),
    "moderation:take-next": route(QUEUE, POST=RECOVERIES),
    "moderation:bulk": route({"kind": "report queue"}, POST=ask(REPORTS, trust.cases_to_dismiss)),
    "moderation:case": route(CASE, GET=ask(RECOVERIES, **CASE_LOOK)),
    "moderation:case-take": route(CASE, POST=RECOVERIES),
    "moderation:case-release": route(CASE, POST=ask(RECOVERIES, make.held_case)),
    "moderation:case-preview": route({"uid": "report work"}, POST=ask(REPORTS, trust.report_previewed)),
    "moderation:account-suspend-preview": route(ACCOUNT, POST=ask(SUSPENDING, trust.SUSPEND_FORM)),
    "moderation:reasons": route(GET=REASONS),
    "moderation:reason-new": route(GET=REASONS, POST=ask(REASONS, trust.KEPT)),
    "moderation:reason": route(REASON, GET=REASONS, POST=ask(REASONS, {**trust.KEPT, "version": "1"})),
    "moderation:reason-retire": route(REASON, POST=REASONS),
    "moderation:reason-restore": route(REASON, POST=ask(REASONS, trust.reason_retired)),
    "moderation:case-assign": route(CASE, GET=RECOVERIES, POST=ask(RECOVERIES, make.case_to_give)),
    "moderation:case-unassign": route(CASE, POST=ask(RECOVERIES, make.given_case)),
    "moderation:case-pass-on": route(CASE, POST=ask(RECOVERIES, make.held_case)),
    "moderation:case-note": route(CASE, POST=ask(RECOVERIES, make.held_case)),
    "moderation:case-decide": route(CASE, POST=ask(RECOVERIES, make.held_case)),
    "moderation:sign-ins": route(GET=ask(SIGN_INS, **LOOK)),
    "moderation:sign-ins-file": route(GET=ask(SIGN_INS, **LOOK)),
    "moderation:sign-in-end": route({"family": "session"}, POST=END),
    "moderation:audit": route(GET=ask(AUDIT_LOG, **LOOK)),
    "moderation:audit-file": route(GET=ask(AUDIT_LOG, **LOOK)),
    "moderation:accounts": route(GET=ask(ACCOUNTS, **LOOK)),
    "moderation:accounts-file": route(GET=ask(ACCOUNTS, **LOOK)),
    "moderation:account": route(ACCOUNT, GET=ask(ACCOUNTS, **LOOK)),
    "moderation:account-suspend": route(ACCOUNT, POST=prove(SUSPENDING, trust.SUSPEND_FORM)),
    "moderation:account-unsuspend": route(ACCOUNT, POST=prove(SUSPENDING, trust.peer_suspended)),
    "moderation:analytics": route(GET=FIGURES),
    "moderation:people": route(GET=INVITE),
    "moderation:member": route(MEMBER, GET=INVITE, POST=prove(INVITE, {"roles": ["support"]})),
    "moderation:member-remove": route(MEMBER, POST=prove(INVITE)),
    "moderation:invitations": route(GET=INVITE, POST=prove(INVITE, {"email": "a@example.org", "roles": ["support"]})),
    "moderation:invitation-revoke": route(INVITATION, POST=prove(INVITE)),
    # -- money: trial balance
    "moderation:money": route(GET=PAYOUTS, POST=ask(PAYOUTS, {"day": "2026-01-02"})),
    "moderation:money-check": route(POST=PAYOUTS),
    "moderation:bans": route(
        GET=BAN, POST=ask(BAN, {"network": "203.0.113.8", "duration_seconds": "3600", "reason": "Scripted sign-ups"})
    ),
    "moderation:ban-lift": route(BAN_OBJECT, POST=BAN),
    # -- fraud
    "moderation:security-analytics": route(GET=RISK),
    # -- money: payouts
    "payments:payouts": route(GET=ask(SIGNED_IN, make.a_creator)),
    "payments:payout-request": route(
        GET=ask(SIGNED_IN, make.a_creator), POST=prove(OWNER, make.payout_form, refusal=422, success_by="owner")
    ),
    "payments:payout-methods": route(GET=ask(SIGNED_IN, make.a_creator)),
    "payments:payout-method-add": route(
        GET=ask(SIGNED_IN, make.a_creator), POST=prove(SIGNED_IN, make.account_form, query="?way=manual")
    ),
    "payments:payout-method": route(METHOD, GET=ask(OWNER, make.a_creator, **ASKED_METHOD)),
    "payments:payout-method-onboard": route(METHOD, POST=ask(OWNER, make.a_creator, idle="this kind has no such page")),
    "payments:payout-method-remove": route(METHOD, POST=ask(OWNER, make.a_creator_without_payouts)),
    "payments:payout-year": route({"year": "year"}, GET=ask(SIGNED_IN, make.a_creator)),
    "payments:payout-year-file": route({"year": "year", "kind": "file kind"}, GET=ask(SIGNED_IN, make.a_creator)),
    "payments:payout": route(PAYOUT, GET=ask(OWNER, make.a_creator)),
    "payments:payout-cancel": route(PAYOUT, POST=ask(OWNER, make.set_aside)),
    "payments:payout-receipt": route(PAYOUT, GET=ask(OWNER, make.paid_out)),
    # -- money: payments of people
    "moderation:payments": route(GET=ask(PAYOUTS, query="?q=canary", **LOOK)),
    "moderation:payment": route({"uid": "payment"}, GET=ask(PAYOUTS, **LOOK)),
    "moderation:dispute-evidence": route({"uid": "touched case"}, GET=ask(PAYOUTS, **LOOK)),
    "moderation:payment-refund": route(
        {"uid": "payment"},
        GET=REVIEW,
        POST=ask(REVIEW, {"amount": "0.10", "reason": "asked_for"}, idle="it is shown once more first"),
    ),
    "moderation:transfers": route(GET=REVIEW),
    "moderation:transfer": route(TRANSFER, GET=ask(REVIEW, **LOOK)),
    "moderation:transfer-account": route(TRANSFER, POST=prove(REVIEW, make.approved_payout)),
    "moderation:transfer-sent": route(TRANSFER, POST=prove(REVIEW, make.approved_payout)),
    "moderation:transfer-returned": route(TRANSFER, POST=prove(REVIEW, make.paid_out)),
    # -- verifications
    "trust:verifications": route(GET=SIGNED_IN),
    "trust:verification-new": route(GET=SIGNED_IN, POST=ask(SIGNED_IN, verifying.both_pictures)),
    "trust:verification-withdraw": route(VERIFICATION, POST=OWNER),
    # for the one reviewer who holds its case; test_verifications has the others who may review
    "moderation:verification-file": route(DOCUMENT, GET=ask(VERIFY, verifying.held, refusal=403, **LOOK)),
    # -- certificates
    "trust:certificate-search": route(GET=PUBLIC),
    "trust:certificate": route(CERTIFICATE, GET=PUBLIC),
    "trust:transparency": route(GET=PUBLIC),
    "trust:transparency-document": route(GET=PUBLIC),
    "trust:certificate-keys": route(GET=PUBLIC),
    "trust:certificates-revoked": route(GET=PUBLIC),
    "trust:certificates": route(GET=SIGNED_IN, POST=ask(SIGNED_IN, certificates.an_older_one)),
    "trust:certificate-file": route(CERTIFICATE, GET=OWNER),
    "trust:certificate-revoke": route(CERTIFICATE, POST=OWNER),
    # -- organisations
    "trust:organisations": route(GET=SIGNED_IN, POST=ask(SIGNED_IN, {**NAMED, "found": "yes"})),
    "trust:organisation": route(ORGANISATION, GET=OWNER, POST=ask(OWNER, {**NAMED, "rename": "yes"})),
    "trust:webhook": route(WEBHOOK, GET=OWNER, POST=ask(OWNER, {"pause": "yes"})),
    "moderation:dead-deliveries": route(GET="users.staff_view_webhooks"),
    "moderation:delivery-resend": route({"uid": "delivery"}, POST=RESEND),
    # -- reports, sanctions, appeals
    "trust:reports": route(GET=SIGNED_IN),
    "trust:report": route(
        {"kind": "report kind", "uid": "peer"}, GET=SIGNED_IN, POST=ask(SIGNED_IN, trust.REPORT, success_by="owner")
    ),
    "trust:restrictions": route(GET=SIGNED_IN),
    "trust:restriction": route(SANCTION, GET=ask(OWNER, **READ)),
    "trust:restriction-appeal": route(SANCTION, GET=OWNER, POST=ask(OWNER, trust.WORDS)),
    "trust:verification-appeal": route(VERIFICATION, GET=OWNER, POST=ask(OWNER, trust.verification_rejected)),
    "trust:appeal": route(APPEAL, GET=OWNER, POST=ask(OWNER, trust.WORDS)),
    "moderation:report-file": route({"uid": "report file"}, GET=ask(REPORTS, **LOOK)),
    # for who works on its case; test_report_attachments has the others who may review
    "moderation:report-attachment": route(REPORTED, GET=ask(REPORTS, trust.report_held, **LOOK)),
    "moderation:appeal-answer": route(APPEAL, POST=ask(APPEALS, trust.appeal_held)),
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
    "credits:balance": route(GET=SIGNED_IN),
    "credits:transaction-list": route(GET=SIGNED_IN),
    "credits:lot-list": route(GET=SIGNED_IN),
    "credits:earnings": route(GET=SIGNED_IN),
    # -- money: wallet, statement, receipts
    "credits:statement": route(GET=SIGNED_IN),
    # -- money: caps
    "credits:cap-list": route(
        GET=SIGNED_IN, PUT=ask(SIGNED_IN, {"day_centi": 5_000, "week_centi": None, "month_centi": 60_000})
    ),
    "credits:cooling-off": route(POST=ask(SIGNED_IN, {"length": "day"})),
    # -- messaging
    "messaging:key-statements": route(POST=ask(SIGNED_IN, make.statement)),
    "messaging:key-session": route(GET=SIGNED_IN),
    "messaging:key-bind": route(POST=ask(SIGNED_IN, make.binding)),
    "messaging:key-server": route(GET=SIGNED_IN),
    "messaging:key-backup": route(GET=SIGNED_IN, PUT=ask(SIGNED_IN, make.key_backup, headers=if_match)),
    "messaging:key-bundle": route(PEER, GET=SIGNED_IN),
    "messaging:key-log": route(PEER, GET=SIGNED_IN),
    # -- chat: keys
    "messaging:key-approvals": route(GET=SIGNED_IN, POST=ask(SIGNED_IN, make.key_asked, success_by="owner")),
    "messaging:key-approval": route(APPROVAL, GET=OWNER),
    "messaging:key-approval-grant": route(APPROVAL, POST=ask(OWNER, make.key_granted)),
    "messaging:key-approval-refuse": route(APPROVAL, POST=OWNER),
    "messaging:key-devices": route(GET=SIGNED_IN),
    "messaging:key-device": route({"kid": "key device"}, PUT=ask(OWNER, {"label": "Kitchen"})),
    "messaging:key-reset": route(POST=prove(SIGNED_IN, make.key_reset, headers=if_match)),
    "messaging:message-send": route(POST=ask(SIGNED_IN, make.letter)),
    "messaging:conversation-list": route(
        GET=SIGNED_IN, POST=ask(SIGNED_IN, make.to_the_peer, idle="they write to each other")
    ),
    "messaging:conversation-mark": route(CONVERSATION, POST=ask(OWNER, {"read_n": 1})),
    "messaging:message-history": route(PEER, GET=SIGNED_IN),
    # -- chat: planned
    "messaging:sealed-texts": route(GET=SIGNED_IN),
    "messaging:sealed-text": route(
        {"text_id": "sealed text"}, PUT=ask(OWNER, make.sealed_text, refusal=422), DELETE=OWNER
    ),
    "messaging:plans": route(GET=SIGNED_IN, POST=ask(SIGNED_IN, make.plan)),
    "messaging:plans-due": route(POST=ask(SIGNED_IN, make.due)),
    "messaging:plan": route({"plan_id": "plan"}, DELETE=OWNER),
    "messaging:planned-message": route({"message_id": "planned message"}, POST=ask(OWNER, {"code": "blocked"})),
    # -- chat: held credits after a reply
    "messaging:message-no-answer": route(PAID, POST=ask(OWNER, make.answered)),
    "messaging:message-refund": route(PAID, POST=ask(OWNER, make.to_the_owner)),
    "messaging:message-unreadable": route(PAID, POST=ask(OWNER, make.to_the_owner)),
    # -- chat: attachments
    "messaging:attachment-list": route(POST=ask(OWNER, make.upload)),
    "messaging:attachment-detail": route(UPLOAD, GET=OWNER, DELETE=OWNER),
    "messaging:attachment-part": route(UPLOAD | {"number": "part"}, PUT=ask(OWNER, make.part, headers=octets)),
    "messaging:attachment-complete": route(UPLOAD, POST=ask(OWNER, make.complete)),
    "messaging:attachment-blob": route(CONVERSATION | {"sha256": "blob"}, GET=OWNER),
    # -- chat: requests, away, free
    "profiles:profile-away": route(
        GET=SIGNED_IN, PUT=ask(SIGNED_IN, make.away), DELETE=ask(SIGNED_IN, make.away_already)
    ),
    "messaging:exception": route(
        PEER,
        GET=SIGNED_IN,
        PUT=ask(SIGNED_IN, make.a_creator_with_a_fan),
        DELETE=ask(SIGNED_IN, make.a_fan_who_writes_for_free),
    ),
    "messaging:request-accept": route(CONVERSATION, POST=ask(OWNER, make.a_request)),
    "messaging:request-decline": route(CONVERSATION, POST=ask(OWNER, make.a_request)),
    # -- payments
    "payments:package-list": route(GET=PUBLIC),
    "payments:checkout-create": route(POST=ask(SIGNED_IN, BUY, headers=idempotency_key)),
    "payments:webhook-receive": route(POST=ask(PUBLIC, make.webhook, headers=make.webhook_headers)),
    "payments:webhook-receive-stripe": route(POST=ask(PUBLIC, make.webhook, headers=make.webhook_headers)),
    "payments:webhook-receive-razorpay": route(
        POST=ask(PUBLIC, make.razorpay_webhook, headers=make.razorpay_webhook_headers)
    ),
    "payments:payment-detail": route(PAYMENT, GET=OWNER),
    "payments:money-back-list": route(PAYMENT, GET=OWNER),
    "payments:touched-list": route(GET=SIGNED_IN),
    "payments:touched-detail": route(TOUCHED_CASE, GET=OWNER),
    # -- money: shop
    "payments:shop-shelf": route(PEER, GET=PUBLIC),
    "payments:shop-item-list": route(GET=SIGNED_IN, POST=ask(SIGNED_IN, shop.item)),
    "payments:shop-item-detail": route(
        OWN_ITEM, GET=ask(SIGNED_IN, shop.a_seller), PUT=ask(OWNER, shop.item), DELETE=OWNER
    ),
    "payments:shop-picture-list": route(OWN_ITEM, POST=ask(OWNER, shop.a_picture)),
    "payments:shop-picture-detail": route(OWN_FILE, DELETE=OWNER),
    "payments:shop-item-unlock": route(ITEM, POST=ask(SIGNED_IN, shop.UNLOCK, headers=idempotency_key)),
    "payments:library-list": route(GET=SIGNED_IN),
    "payments:library-detail": route(UNLOCK, GET=OWNER),
    "payments:sale-list": route(GET=SIGNED_IN),
    "payments:sale-refund": route(SALE, POST=ask(OWNER, {}, headers=idempotency_key)),
    # -- staff
    "moderation:login-history": route(GET=ask(SIGN_INS, **LOOK)),
    "moderation:invitation-list": route(
        GET=INVITE, POST=prove(INVITE, {"email": "a@example.org", "roles": ["support"]})
    ),
    "moderation:invitation-detail": route(INVITATION, GET=INVITE, DELETE=prove(INVITE)),
    "moderation:ban-list": route(GET=BAN),
    "moderation:ban-create": route(POST=ask(BAN, {"ip": "203.0.113.8", "reason": "Scripted sign-ups"})),
    "moderation:ban-lift": route(POST=ask(BAN, {"ip": "203.0.113.7"})),
    # -- discovery
    "profiles:profile-discover": route(GET=PUBLIC),
    "profiles:search-list": route(GET=SIGNED_IN, POST=ask(SIGNED_IN, SEARCH_TO_KEEP)),
    "profiles:search-detail": route(SEARCH, GET=OWNER, PUT=ask(OWNER, {"name": "Other clay"}), DELETE=OWNER),
    # -- nearby and places
    "profiles:profile-nearby": route(GET=ask(PUBLIC, query="?lat=52.5&lon=13.4")),
    "profiles:place-list": route(GET=ask(PUBLIC, query="?q=ber")),
    # -- pictures
    "profiles:portrait-upload": route(POST=ask(SIGNED_IN, make.picture)),
    "profiles:gallery-upload": route(POST=ask(SIGNED_IN, make.picture)),
    "profiles:upload": route(PICTURE, DELETE=SIGNED_IN),  # a client's own name: nobody else's upload has it
    "profiles:portrait": route(DELETE=ask(SIGNED_IN, make.portrait)),
    "profiles:gallery": route(GET=SIGNED_IN, PUT=ask(SIGNED_IN, make.two_pictures)),
    "profiles:gallery-place": route({"index": "gallery place"}, DELETE=SIGNED_IN),
    "profiles:picture": route(PICTURE, PUT=ask(OWNER, {"audience": "everyone"}), DELETE=OWNER),
    "profiles:profile-pictures": route({"user_id": "owner"}, GET=SIGNED_IN),
    # -- people one knows
    "profiles:follow-list": route(GET=SIGNED_IN, POST=ask(SIGNED_IN, make.to_the_peer)),
    "profiles:follow-detail": route(PEER, GET=ask(SIGNED_IN, make.following), DELETE=ask(SIGNED_IN, make.following)),
    "profiles:connection-list": route(GET=SIGNED_IN, POST=ask(SIGNED_IN, make.to_the_peer)),
    "profiles:connection-detail": route(
        PEER, GET=ask(SIGNED_IN, make.connected), DELETE=ask(SIGNED_IN, make.connected)
    ),
    "profiles:connection-accept": route(PEER, POST=ask(SIGNED_IN, make.asked_by_the_peer)),
    "profiles:connection-decline": route(PEER, POST=ask(SIGNED_IN, make.asked_by_the_peer)),
    "profiles:list-list": route(GET=SIGNED_IN, POST=ask(SIGNED_IN, {"name": "Tea"})),
    "profiles:list-detail": route(LIST, GET=OWNER, PUT=ask(OWNER, {"name": "Tea"}), DELETE=OWNER),
    "profiles:list-people": route(LIST, GET=OWNER, POST=ask(OWNER, make.to_the_peer)),
    "profiles:list-person": route(LIST | PEER, DELETE=ask(OWNER, make.listed)),
    # -- visits and facts
    "profiles:visitor-list": route(GET=SIGNED_IN),
    # -- presence and visibility
    "profiles:profile-visibility": route(GET=SIGNED_IN, PUT=ask(SIGNED_IN, {"shows_typing": False})),
    # -- blocks
    "users:block-list": route(GET=SIGNED_IN, POST=ask(SIGNED_IN, make.to_the_peer)),
    "users:block-detail": route(
        PEER,
        GET=ask(OWNER, make.blocking_the_peer),
        POST=ask(SIGNED_IN, {"reason": "Rude"}),
        DELETE=ask(OWNER, make.blocking_the_peer),
    ),
    # -- notifications
    "users:notification-list": route(GET=SIGNED_IN),
    "users:notification-read": route(NOTIFICATION, POST=OWNER),
    "users:notification-read-all": route(POST=ask(SIGNED_IN, make.told)),
    "users:notification-settings": route(GET=SIGNED_IN, PUT=ask(SIGNED_IN, make.HEARING)),
    # -- web push and announcements
    "users:push-device-list": route(GET=SIGNED_IN, POST=ask(SIGNED_IN, {"endpoint": "https://web.push.apple.com/new"})),
    "users:push-device-key": route(GET=SIGNED_IN),
    "users:push-device-detail": route(PUSH, GET=OWNER, DELETE=OWNER),
    "users:push-device-test": route(PUSH, POST=OWNER),
    "users:announcement-list": route(GET=SIGNED_IN),
    "users:announcement-detail": route({"announcement_id": "announcement"}, GET=SIGNED_IN),
    "moderation:announcement-list": route(GET=ANNOUNCE, POST=prove(ANNOUNCE, ANNOUNCED)),
    "moderation:announcement-detail": route(TOLD, GET=ANNOUNCE),
    "moderation:announcement-withdraw": route(TOLD, POST=prove(ANNOUNCE)),
    # -- money: payouts
    "payments:payout-request": route(
        GET=SIGNED_IN, POST=prove(OWNER, make.payout_body, headers=idempotency_key, success_by="owner")
    ),
    "payments:payout-list": route(GET=SIGNED_IN),
    "payments:payout-method-list": route(GET=SIGNED_IN, POST=prove(SIGNED_IN, make.account_body)),
    "payments:payout-method-detail": route(
        METHOD, GET=OWNER, POST=ask(OWNER, idle="nothing is missing"), DELETE=ask(OWNER, make.a_creator_without_payouts)
    ),
    "payments:payout-detail": route(PAYOUT, GET=OWNER, DELETE=ask(OWNER, make.set_aside)),
    "payments:payout-timeline": route(PAYOUT, GET=OWNER),
    "moderation:payment-refund": route(
        {"uid": "payment"}, POST=prove(REVIEW, make.refunded_before, headers=refund_key, idle="asked for before")
    ),
    "moderation:fraud-alert-list": route(GET=ask(RISK, **LOOK)),
    "moderation:fraud-resolve": route(ALERT, POST=ask(RISK, make.fraud_alert)),
    "moderation:security-analytics": route(GET=RISK),
    "moderation:payout-pending": route(GET=ask("users.staff_view_payouts", **LOOK)),
    "moderation:payout-review": route(TRANSFER, POST=prove(REVIEW, make.payout_case)),
    # -- verifications
    "moderation:verification-list": route(GET=SIGNED_IN, POST=ask(SIGNED_IN, verifying.both_pictures)),
    "moderation:verification-detail": route(VERIFICATION, GET=OWNER, DELETE=OWNER),
    "moderation:verification-take-next": route(POST=ask(VERIFY)),
    "moderation:verification-file": route(DOCUMENT, GET=ask(VERIFY, verifying.held, refusal=403, **LOOK)),
    # -- certificates
    "moderation:certificate-list": route(GET=SIGNED_IN, POST=ask(SIGNED_IN, certificates.an_older_one)),
    "moderation:certificate-detail": route(CERTIFICATE, GET=PUBLIC),
    "moderation:certificate-revoke": route(CERTIFICATE, POST=OWNER),
    # -- organisations
    "moderation:organisation-list": route(GET=SIGNED_IN, POST=ask(SIGNED_IN, NAMED)),
    "moderation:organisation-detail": route(ORGANISATION, GET=OWNER, PUT=ask(OWNER, NAMED), DELETE=OWNER),
    "moderation:organisation-accept": route({"uid": "inviting organisation"}, POST=OWNER),
    "moderation:organisation-members": route(
        ORGANISATION, GET=OWNER, POST=ask(OWNER, organisations.the_peer_as_member)
    ),
    "moderation:organisation-withdraw": route(ORGANISATION, POST=ask(OWNER, organisations.the_peer_by_email)),
    "moderation:organisation-member": route(ORGANISATION_MEMBER, PUT=ask(OWNER, {"role": "manager"}), DELETE=OWNER),
    "moderation:organisation-creators": route(
        ORGANISATION, GET=OWNER, POST=ask(OWNER, organisations.the_peer_as_creator)
    ),
    "moderation:organisation-certificates": route(ORGANISATION, GET=OWNER),
    "moderation:representation-list": route(GET=SIGNED_IN),
    "moderation:representation-detail": route(REPRESENTATION, GET=OWNER, DELETE=OWNER),
    "moderation:representation-accept": route(REPRESENTATION, POST=OWNER),
    "moderation:webhook-list": route(GET=SIGNED_IN, POST=ask(OWNER, organisations.a_webhook)),
    "moderation:webhook-detail": route(WEBHOOK, GET=OWNER, PUT=ask(OWNER, organisations.hears), DELETE=OWNER),
    "moderation:webhook-deliveries": route(WEBHOOK, GET=OWNER),
    "moderation:webhook-redeliver": route(WEBHOOK, POST=ask(OWNER, organisations.the_delivery)),
    "moderation:webhook-rotate-secret": route(WEBHOOK, POST=ask(OWNER, {})),
    "moderation:dead-delivery-list": route(GET="users.staff_view_webhooks"),
    "moderation:dead-delivery-resend": route({"uid": "delivery"}, POST=RESEND),
    # -- reports, sanctions, appeals
    "moderation:report-create": route(POST=ask(SIGNED_IN, trust.report_of_the_peer)),
    "moderation:report-list": route(GET=SIGNED_IN),
    "moderation:report-case-list": route(GET=REPORTS),
    "moderation:report-case-detail": route({"uid": "report case"}, GET=ask(REPORTS, **LOOK)),
    "moderation:report-attachment-detail": route(REPORTED, GET=ask(REPORTS, trust.report_held, **LOOK)),
    "moderation:restriction-list": route(GET=ask(SIGNED_IN, **READ)),
    "moderation:restriction-appeal": route(SANCTION, POST=ask(OWNER, trust.WORDS)),
    "moderation:verification-appeal": route(VERIFICATION, POST=ask(OWNER, trust.verification_rejected)),
    "moderation:appeal-detail": route(APPEAL, GET=OWNER, POST=ask(OWNER, trust.WORDS)),
    "moderation:analytics": route(GET=FIGURES),
    "moderation:account-list": route(GET=ask(ACCOUNTS, **LOOK)),
    "moderation:account-detail": route(ACCOUNT, GET=ask(ACCOUNTS, **LOOK)),
    "moderation:user-suspend": route(PEER, POST=prove(SUSPENDING, trust.SUSPEND)),
    "moderation:user-unsuspend": route(PEER, POST=prove(SUSPENDING, trust.peer_suspended)),
}
