"""Payments for finance staff: find one, read what became of it, send money back. Parse, one service call, render."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext

from pairly.common.ids import uuid7
from pairly.common.problems import Problem
from payments import money_back_selectors, payment_search_selectors
from payments.models import MoneyBack, Payment
from payments.services import money_back
from security.client_ip import client_of
from users.errors import StepUpRequired
from users.services import step_up
from users.views import redirect_to_next

from . import payment_evidence
from .payment_forms import REFUND_WORDS, RefundForm, SearchForm
from .services import trail
from .staff import StaffPage

VIEW = "users.staff_view_payouts"
FOUND_SHOWN = 50


class PaymentsPage(StaffPage):
    """Find a payment. One's own are left out; every search is recorded, as a private view where it names a person."""

    permission = VIEW

    def get(self, request: HttpRequest) -> HttpResponse:
        form = SearchForm(request.GET if "q" in request.GET else None)
        context: dict[str, Any] = {"form": form, "rows": None}
        if form.is_valid():
            buyer = form.get_buyer()
            rows = payment_search_selectors.search(text=form.cleaned_data["q"], buyer=buyer).exclude(user=self.staff)
            context["rows"] = list(rows[:FOUND_SHOWN])
            trail.note_view(
                staff=self.staff,
                sign_in=self.sign_in,
                client=client_of(request=request),
                action="staff.payments_viewed",
                subject_uid=context["rows"][0].user.uid if context["rows"] else None,
                reason=gettext("Search for a payment"),
                details={"n": len(context["rows"])},
            )
        return self.show(request, "moderation/payments.html", context, status=422 if form.errors else 200)


class PaymentPage(StaffPage):
    """One payment with its refunds and disputes. Every look is recorded."""

    permission = VIEW

    def get(self, request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
        return self.show_payment(request, payment_search_selectors.get_for_staff(staff=self.staff, uid=uid))

    def show_payment(
        self, request: HttpRequest, payment: Payment, form: RefundForm | None = None, *, status: int = 200
    ) -> HttpResponse:
        """The page, with the refund that was refused if there is one."""
        left_minor = money_back_selectors.get_left_minor(payment=payment)
        rows = money_back_selectors.list_of_payment(payment=payment)
        trail.note_view(
            staff=self.staff,
            sign_in=self.sign_in,
            client=client_of(request=request),
            action="staff.payment_viewed",
            subject_uid=payment.user.uid,
            reason=gettext("Payment"),
            details={"payment": str(payment.uid)},
        )
        context = {
            "payment": payment,
            "left_minor": left_minor,
            "rows": [(row, money_back_selectors.trace_for_staff(row=row), _why(row)) for row in rows],
            "form": form or RefundForm(left_minor=left_minor),
            "may_refund": self.staff.has_perm(money_back.PERMISSION),
        }
        return self.show(request, "moderation/payment.html", context, status=status)


class EvidencePage(StaffPage):
    """What a bank is shown of a dispute, to be printed. Every look is recorded. 404 for one's own."""

    permission = VIEW

    def get(self, request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
        dispute = money_back_selectors.get_dispute(uid=uid)
        payment = payment_search_selectors.get_for_staff(staff=self.staff, uid=dispute.payment.uid)
        trail.note_view(
            staff=self.staff,
            sign_in=self.sign_in,
            client=client_of(request=request),
            action="staff.dispute_evidence_viewed",
            subject_uid=payment.user.uid,
            reason=gettext("Evidence for a bank"),
            details={"payment": str(payment.uid)},
        )
        return self.show(
            request, "moderation/payment_evidence.html", {"pack": payment_evidence.gather(dispute=dispute)}
        )


class RefundPage(PaymentPage):
    """How much and why, once more; the fresh proof; and the button. A double click refunds once."""

    permission = money_back.PERMISSION

    def get(self, request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
        payment = payment_search_selectors.get_for_staff(staff=self.staff, uid=uid)
        if not request.GET:
            return redirect("moderation:payment", uid)
        form = self._form(request.GET, payment)
        if not form.is_valid():
            return self.show_payment(request, payment, form, status=422)
        context = {
            "payment": payment,
            "form": form,
            "nonce": form.cleaned_data["nonce"] or uuid7(),
            "needs_proof": not step_up.is_fresh(sign_in=self.sign_in),
        }
        return self.show(request, "moderation/payment_refund.html", context)

    def post(self, request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
        payment = payment_search_selectors.get_for_staff(staff=self.staff, uid=uid)
        form = self._form(request.POST, payment)
        if not form.is_valid():
            return self.show_payment(request, payment, form, status=422)
        key = form.get_request_id()
        if key is None:
            return redirect(_confirm_path(payment, form))
        try:
            row = money_back.refund_payment(
                staff=self.staff,
                sign_in=self.sign_in,
                payment_uid=uid,
                amount_minor=form.amount_minor,
                reason=form.cleaned_data["reason"],
                idempotency_key=key,
            )
        except StepUpRequired:
            return redirect_to_next("users:step-up", _confirm_path(payment, form))
        except Problem as problem:
            form.add_problem(problem)
            return self.show_payment(request, payment, form, status=problem.status)
        if row.state == MoneyBack.State.FAILED:
            messages.error(request, gettext("The provider could not make this refund."))
        elif row.state == MoneyBack.State.SUCCEEDED:
            messages.success(request, gettext("Refunded. Its credits are taken back, and the buyer is told."))
        else:
            messages.success(request, gettext("The refund is under way. Its credits are taken when it is done."))
        return redirect("moderation:payment", uid)

    def _form(self, data: Any, payment: Payment) -> RefundForm:
        return RefundForm(data, left_minor=money_back_selectors.get_left_minor(payment=payment))


def _why(row: MoneyBack) -> Any:
    """Our own reasons in words, a provider's as it is called."""
    return REFUND_WORDS.get(row.reason, row.reason)


def _confirm_path(payment: Payment, form: RefundForm) -> str:
    chosen = {name: form.cleaned_data[name] for name in ("amount", "reason", "nonce") if form.cleaned_data[name]}
    return f"{reverse('moderation:payment-refund', args=[payment.uid])}?{urlencode(chosen)}"
