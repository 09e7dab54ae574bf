"""The first creator's payouts: through the services of everybody and of staff."""

from __future__ import annotations

import uuid

from django.utils import timezone

from credits.errors import InsufficientEarnings
from moderation.models import WorkItem
from moderation.services import work
from payments.errors import MethodLocked
from payments.models import Payout, PayoutMethod
from payments.services import payout_by_hand, payout_methods, payout_requests
from users.models import TotpDevice, User
from users.types import SignIn

from .people import People, Role
from .plan import PayoutDeed
from .staff import STAFF

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://pairly.example/demo/payouts")
# In the order of their numbers in the plan: credits asked for.
CENTI = (6_000_00, 2_500_00, 2_400_00, 4_000_00, 3_000_00)
_ACCOUNTS = {
    0: {
        "account_holder": "Mara Lindqvist",
        "account_number": "SE45 5000 0000 0583 9825 7466",
        "bank_code": "HANDSESS",
        "bank_name": "Handelsbanken",
    },
    4: {
        "account_holder": "Mara Lindqvist",
        "account_number": "SE35 5000 0000 0549 1000 0003",
        "bank_code": "ESSESESS",
        "bank_name": "SEB",
    },
}
_NOTE = "Your bank calls you otherwise. Please compare the account with what stands on your card."
Status = Payout.Status


class Withdrawing:
    """What is done about each payout, once."""

    def __init__(self, *, people: People) -> None:
        self._people = people

    def carry_out(self, *, deed: PayoutDeed) -> None:
        """Do `deed` now, unless it was done or too little was earned, as in a small part of the demo."""
        creator = self._people.user_of(role=Role(side="creator", number=0))
        if creator.verification_level < User.VerificationLevel.DOCUMENT:
            return
        if deed.what == "method":
            payout_methods.add_method(
                user=creator, kind="manual", currency="USD", country="SE", details=_ACCOUNTS[deed.payout]
            )
            return
        payout = Payout.objects.filter(user=creator, request_id=_key(deed.payout)).first()
        if deed.what == "ask" and payout is None:
            _ask(creator, deed.payout)
        elif payout is not None:
            self._decide(deed, payout)

    def _decide(self, deed: PayoutDeed, payout: Payout) -> None:
        finance = self._people.users[next(member.email for member in STAFF if member.role == "finance")]
        match deed.what, payout.status:
            case "approve", Status.REQUESTED:
                _settle(payout, finance, "approved")
            case "reject", Status.REQUESTED:
                _settle(payout, finance, "name_mismatch", _NOTE)
            case "send", Status.APPROVED:
                reference = f"SEPA {timezone.now():%Y%m%d} {payout.pk:04d}"
                payout_by_hand.mark_sent(staff=finance, uid=payout.uid, reference=reference)
            case "return", Status.PAID:
                payout_by_hand.mark_returned(staff=finance, uid=payout.uid, reason="refused_by_bank")


def _ask(creator: User, number: int) -> None:
    method = PayoutMethod.objects.filter(user=creator, state=PayoutMethod.State.READY).order_by("pk").first()
    if method is None:
        return
    # The app that proved it then. It is gone since: who tries the demo signs in with a password alone.
    app = TotpDevice.objects.create(user=creator, name="app", confirmed=True, confirmed_at=timezone.now())
    try:
        payout_requests.request_payout(
            user=creator, method_uid=method.uid, amount_centi=CENTI[number], idempotency_key=_key(number)
        )
    except (InsufficientEarnings, MethodLocked):
        return
    finally:
        app.delete()


def _settle(payout: Payout, finance: User, outcome: str, note: str = "") -> None:
    """As in the queue: somebody takes the case, and decides it with a fresh proof."""
    case = WorkItem.objects.get(kind="payout", ref=payout.uid)
    proven = SignIn(user_id=finance.uid, family=uuid.uuid4(), factor="totp", stepped_up_at=timezone.now())
    work.take(uid=case.uid, user=finance)
    work.decide(uid=case.uid, user=finance, outcome=outcome, note=note, sign_in=proven)


def _key(number: int) -> uuid.UUID:
    return uuid.uuid5(_NAMESPACE, str(number))
