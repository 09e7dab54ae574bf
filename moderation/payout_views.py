"""Payouts that people here send at the bank: parse, one service call, render."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_variables

from pairly.common.problems import NotFound, Problem
from payments import payout_review_selectors as selectors
from payments import payout_selectors
from payments.models import Payout, PayoutMethod
from security.client_ip import client_of
from users.errors import StepUpRequired
from users.forms import ProblemForm
from users.services import step_up
from users.views import redirect_to_next

from .payout_forms import ReturnedForm, SentForm
from .services import payouts, trail
from .staff import StaffPage

DONE_SHOWN = 20


class TransfersPage(StaffPage):
    """What waits to be sent, and what was sent lately and may come back."""

    permission = payouts.PERMISSION

    def get(self, request: HttpRequest) -> HttpResponse:
        context = {
            "waiting": list(selectors.list_by_hand().exclude(user=self.staff)),
            "done": list(selectors.list_done_by_hand().exclude(user=self.staff)[:DONE_SHOWN]),
        }
        return self.show(request, "moderation/transfers.html", context)


class TransferPage(StaffPage):
    """One of them. Every look at it is recorded."""

    permission = payouts.PERMISSION

    def get(self, request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
        return self.show_transfer(request, self.get_payout(uid))

    def get_payout(self, uid: uuid.UUID) -> Payout:
        """A payout by hand that is not one's own; raises NotFound."""
        payout = payout_selectors.get_for_staff(uid=uid)
        if payout.method.kind != PayoutMethod.Kind.MANUAL or payout.user_id == self.staff.pk:
            raise NotFound
        return payout

    def show_transfer(
        self,
        request: HttpRequest,
        payout: Payout,
        *,
        account: dict[str, str] | None = None,
        form: ProblemForm | None = None,
        problem: Problem | None = None,
        status: int = 200,
    ) -> HttpResponse:
        """The page, with the account if it was asked for, or with what was refused."""
        context: dict[str, Any] = {
            "payout": payout,
            "steps": payout_selectors.list_steps(payout=payout),
            "account": account,
            "problem": problem,
            "sent_form": form if isinstance(form, SentForm) else SentForm(),
            "returned_form": form if isinstance(form, ReturnedForm) else ReturnedForm(),
            "needs_proof": not step_up.is_fresh(sign_in=self.sign_in),
        }
        trail.note_view(
            staff=self.staff,
            sign_in=self.sign_in,
            client=client_of(request=request),
            action="staff.transfer_viewed",
            subject_uid=payout.user.uid,
            reason=gettext("Payout by hand"),
            details={"payout": str(payout.uid)},
        )
        return self.show(request, "moderation/transfer.html", context, status=status)

    def prove_first(self, uid: uuid.UUID) -> HttpResponse:
        """To the fresh proof, and back to this transfer."""
        return redirect_to_next("users:step-up", reverse("moderation:transfer", args=[uid]))


class AccountPage(TransferPage):
    """POST only: the account in the clear, once, for whoever makes the transfer."""

    http_method_names = ["post"]

    @method_decorator(sensitive_variables("account"))
    def post(self, request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
        payout = self.get_payout(uid)
        try:
            account = payouts.reveal_account(uid=uid, staff=self.staff, sign_in=self.sign_in)
        except StepUpRequired:
            return self.prove_first(uid)
        except Problem as problem:
            return self.show_transfer(request, payout, problem=problem, status=problem.status)
        return self.show_transfer(request, payout, account=account)


class SentPage(TransferPage):
    """POST only: it left our bank."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
        payout, form = self.get_payout(uid), SentForm(request.POST)
        if not form.is_valid():
            return self.show_transfer(request, payout, form=form, status=422)
        try:
            payouts.mark_sent(uid=uid, staff=self.staff, sign_in=self.sign_in, **form.cleaned_data)
        except StepUpRequired:
            return self.prove_first(uid)
        except Problem as problem:
            form.add_problem(problem)
            return self.show_transfer(request, self.get_payout(uid), form=form, status=problem.status)
        messages.success(request, gettext("Noted as sent. The creator is told."))
        return redirect("moderation:transfers")


class ReturnedPage(TransferPage):
    """POST only: the bank sent it back."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
        payout, form = self.get_payout(uid), ReturnedForm(request.POST)
        if not form.is_valid():
            return self.show_transfer(request, payout, form=form, status=422)
        try:
            payouts.mark_returned(uid=uid, staff=self.staff, sign_in=self.sign_in, **form.cleaned_data)
        except StepUpRequired:
            return self.prove_first(uid)
        except Problem as problem:
            form.add_problem(problem)
            return self.show_transfer(request, self.get_payout(uid), form=form, status=problem.status)
        messages.success(request, gettext("Noted as returned. The creator has the credits again, and is told."))
        return redirect("moderation:transfers")
