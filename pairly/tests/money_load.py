"""People who move money in every direction, through the product's own doors, while its processes are killed.

Bought at the sandbox's page and told by its webhooks; spent and answered by the client; refunded by staff; disputed,
warned of and sent back by the sandbox; paid out by the API, two people and the worker. Each repeats what was not
acknowledged under the same key. What the provider has done and what was acknowledged is noted, to be looked for.
"""

from __future__ import annotations

import itertools
import random
import threading
import time
import uuid
from collections import Counter
from contextlib import ExitStack, contextmanager
from datetime import timedelta

import httpx
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from credits.services import accounts, unlocks
from messaging.client.http import ApiProblem
from messaging.client.sealing import text_body
from pairly.common.ids import uuid7
from pairly.testing.people import make_staff, make_user
from payments.errors import NotRefundable, ProviderUnavailable, RefundRefused, RefundTooLarge
from payments.services import money_back
from payments.tests.paying_out import give_factor, ready, sign_in_of
from users.models import Session, User
from users.services import tokens
from users.tests.helpers import start_api
from users.types import Method

from .fault_people import PRICE_CENTI
from .test_faults_kills import Load

N_TALKS = 3
ANSWER_S = 120  # the sandbox's own answer waits for its webhooks, which wait for a server that is killed meanwhile
PAUSE_S = 0.2
BOUGHT_A_DAY = 28  # of one person: more would be refused
# What happens to a payment, how often.
FATES = [
    ("disputed", "won"), ("disputed", "lost"), ("disputed",), ("disputed", "lost", "appealed"), ("warned",),
    ("part",), ("rest",), ("part", "rest"), ("part", "disputed", "won"), (), (),
]  # fmt: skip
ENDS = ["approve", "approve", "approve", "returned", "reject", "cancel"]


class MoneyLoad(Load):
    """Fans, buyers, creators and staff, each in a thread of their own that `calm` can hold between two acts."""

    def __init__(self, world, sandbox):
        super().__init__(world, N_TALKS)
        self.sandbox = sandbox
        self._random = random.Random(20)
        self.done: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.paid: dict[uuid.UUID, int] = {}  # payments, by who bought
        self.happened: dict[uuid.UUID, list[str]] = {}  # what the provider did to them
        self.refunds: dict[uuid.UUID, uuid.UUID] = {}  # payment by the key of a refund that was acknowledged
        self.payouts: dict[uuid.UUID, str] = {}  # and what was decided
        self._written = set()
        self._untouched: list[uuid.UUID] = []
        self._n_bought: Counter[int] = Counter()
        self.staff = make_staff("finance")
        self._reviewers = [bearer(make_staff("finance")) for _ in range(2)]
        self._replies = [talk.creator.account.open_conversation(talk.fan.user.uid)[0] for talk in self.talks]
        self._payees = [self._make_payee(talk) for talk in self.talks]
        work = [self._buy, self._turn_back, self._pay_out, self._return_payouts]
        work += [lambda talk=talk: self._write(talk) for talk in self.talks]
        work += [lambda n=n: self._reply(n) for n in range(N_TALKS)]
        self._turns = [threading.Lock() for _ in work]
        self.crashes: list[BaseException] = []
        self._threads = [
            threading.Thread(target=self._until_over, args=pair) for pair in zip(work, self._turns, strict=True)
        ]

    def _make_payee(self, talk):
        """The creator has earned a month ago what the fan had, so that the fan writes of what is bought from now on."""
        fan, creator = talk.fan.user, talk.creator.user
        accounts.set_day_limit(user=fan, limit_centi=None)
        unlocks.unlock(
            op_id=uuid7(), user_id=fan.pk, payee_id=creator.pk, item=1, unlock=fan.pk, amount_centi=9_990_000,
            at=timezone.now() - timedelta(days=30),
        )  # fmt: skip
        User.objects.filter(pk=fan.pk).update(email_verified_at=timezone.now())
        creator.verification_level = User.VerificationLevel.DOCUMENT
        creator.save(update_fields=["verification_level"])
        give_factor(creator)
        return bearer(creator), ready(creator, "stripe").uid

    # -- how each of them goes on
    @contextmanager
    def calm(self):
        """Nobody is in the middle of anything inside the block."""
        with ExitStack() as held:
            for turn in self._turns:
                held.enter_context(turn)
            yield

    def _until_over(self, act, turn):
        try:
            while not self._over.is_set():
                with turn:
                    act()
                self._over.wait(PAUSE_S)
        except BaseException as error:
            self.crashes.append(error)
            raise
        finally:
            connection.close()

    @property
    def is_wrong(self):
        return bool(self.crashes) or super().is_wrong

    def _repeat(self, act):
        """`act` until it is acknowledged; None where the load ended before."""
        while True:
            try:
                return act()
            except (OperationalError, InterfaceError, ProviderUnavailable):
                connection.close()
            if self._over.is_set():
                return None
            time.sleep(PAUSE_S)

    def _ask(self, method, path, body=None, *, headers, fine=()):
        """The answer of the API once it is acknowledged, or refused by one of `fine`; None where the load ended."""
        found = []

        def call():
            url = f"{self.world.url}/api/v1/{path}"
            found[:] = [httpx.request(method, url, json=body, headers=headers, timeout=ANSWER_S)]
            if found[0].status_code in fine:
                return httpx.Response(200)
            return found[0]

        return found[0] if self._until_taken(call) else None

    # -- buying
    def _buy(self):
        fans = [talk.fan for talk in self.talks if self._n_bought[talk.fan.user.pk] < BOUGHT_A_DAY]
        if fans and self._random.random() < 0.6:
            fan = self._random.choice(fans)
            user, headers = fan.user, fan.headers()
        else:
            made = self._repeat(_make_buyer)
            if made is None:
                return
            user, headers = made
        self._n_bought[user.pk] += 1
        order = {"package_id": "credits-500", "provider": "stripe", "currency": "USD"}
        headers = {**headers, "Idempotency-Key": str(uuid.uuid4())}
        answer = self._ask("POST", "payments/checkout", order, headers=headers, fine=(403,))
        if answer is None or answer.status_code == 403:  # disputes were lost: they may buy no more
            self.refused["purchase"] += answer is not None
            self._n_bought[user.pk] = BOUGHT_A_DAY
            return
        found = answer.json()
        paid = uuid.UUID(found["payment_id"])
        assert httpx.post(found["checkout_url"], timeout=ANSWER_S).status_code == 303
        self.paid[paid], self.happened[paid] = user.pk, []
        self._untouched.append(paid)
        self.done["bought"] += 1

    # -- money that goes back
    def _turn_back(self):
        """Finish the fate of one payment; a refund of what is not credited yet has to wait for another turn."""
        if len(self._untouched) < 2:
            return
        payment = self._untouched.pop(0)
        for step in self._random.choice(FATES):
            if step in ("part", "rest"):
                self._refund(payment, step)
            else:
                self._happen(payment, step)

    def _happen(self, payment, event):
        body = {"payment_id": str(payment), "event": event}
        if event == "disputed" and "part" in self.happened[payment]:
            body["amount_minor"] = 300
        answer = httpx.post(f"{self.sandbox.url}/sandbox/control", json=body, timeout=ANSWER_S)
        assert answer.status_code == 200, answer.text
        self.happened[payment].append(event)
        self.done[event] += 1

    def _refund(self, payment, step):
        key = uuid.uuid4()

        def refund():
            left = 500 - 200 * ("part" in self.happened[payment])
            return money_back.refund_payment(
                staff=self.staff, sign_in=sign_in_of(self.staff), payment_uid=payment, reason="requested_by_customer",
                amount_minor=200 if step == "part" else left, idempotency_key=key,
            )  # fmt: skip

        try:
            if self._repeat(refund) is None:
                return
        except (NotRefundable, RefundRefused, RefundTooLarge) as error:
            self.refused[type(error).__name__] += 1
            return
        self.refunds[key] = payment
        self.happened[payment].append(step)
        self.done["refunded"] += 1

    # -- payouts
    def _pay_out(self):
        headers, method = self._random.choice(self._payees)
        end = self._random.choice(ENDS)
        body = {"method_id": str(method), "amount_centi": self._random.randrange(10, 50) * 100}
        asked = self._ask(
            "POST", "payouts/request", body, headers={**headers, "Idempotency-Key": str(uuid.uuid4())}, fine=(429,)
        )
        if asked is None or asked.status_code == 429:
            return
        payout = uuid.UUID(asked.json()["id"])
        self.payouts[payout] = "asked"
        self.done["asked"] += 1
        if end == "cancel":
            done = self._ask("DELETE", f"payouts/{payout}", headers=headers)
        elif end == "reject":
            words = {"decision": "reject", "reason": "Ask your bank.", "code": "account_closed"}
            done = self._review(payout, words, self._reviewers[0])
        else:
            done = all(self._review(payout, {"decision": "approve"}, one) for one in self._reviewers)
        if done:
            self.payouts[payout] = end
            self.done[end] += 1

    def _review(self, payout, words, reviewer):
        """409: it was decided, by one's own words whose answer was lost, or by one where two are not needed."""
        return self._ask("POST", f"admin/payouts/review/{payout}", words, headers=reviewer, fine=(409,))

    def _return_payouts(self):
        """The provider sends back what it has made."""
        for payout in [one for one, end in self.payouts.items() if end == "returned"]:
            body = {"payout_id": str(payout), "event": "returned"}
            answer = httpx.post(f"{self.sandbox.url}/sandbox/payouts/control", json=body, timeout=ANSWER_S)
            assert answer.status_code in (200, 404), answer.text  # 404: the worker has not sent it yet
            if answer.status_code == 200:
                self.payouts[payout] = "came_back"
                self.done["came_back"] += 1

    # -- what is bought is spent
    def _write(self, talk):
        if self._deliver(talk.fan.account, talk.conversation, price_centi=PRICE_CENTI):
            self.done["spent"] += 1
            self._written.add(talk)

    def _reply(self, n):
        """Not before the fan wrote: whom a creator writes to first writes for nothing."""
        if self.talks[n] in self._written and self._deliver(self.talks[n].creator.account, self._replies[n]):
            self.done["replied"] += 1
        self._over.wait(1)

    def _deliver(self, account, conversation, price_centi=0):
        """One message, repeated under its id; False where it was refused, or the load ended."""
        message_id = uuid7()
        while True:
            try:
                account.deliver(
                    conversation, body=text_body("words"), price_centi=price_centi, message_id=message_id.bytes
                )
            except ApiProblem as problem:
                if problem.status in (402, 409):  # no credits, or the other one was faster: another one later
                    self.refused[problem.code] += 1
                    return False
                self.statuses[problem.status] += 1
            except httpx.TransportError:
                pass
            else:
                self.sent.add(message_id)
                return True
            if self._over.is_set():
                return False
            time.sleep(PAUSE_S)


def bearer(user):
    """A sign-in with a second factor, proven for as long as the load may last."""
    started = start_api(user)
    later = timezone.now() + timedelta(hours=2)
    Session.objects.filter(pk=started.session.pk).update(stepped_up_at=later, factor=Method.TOTP, factor_at=later)
    return {"Authorization": f"Bearer {tokens.issue(started=started)['access_token']}"}


_numbers = itertools.count()


def _make_buyer():
    user = make_user("fan", name=f"Buyer {next(_numbers)}")
    return user, {"Authorization": f"Bearer {tokens.issue(started=start_api(user))['access_token']}"}
