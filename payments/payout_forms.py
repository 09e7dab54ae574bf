from __future__ import annotations

import uuid
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from pairly.common.problems import Problem
from profiles.names import country_choices
from users.forms import ProblemForm

from .constants import PAYOUT_COUNTRIES, PAYOUT_CURRENCIES
from .models import PayoutMethod


class PayoutForm(ProblemForm):
    """How much to where. `nonce` makes a double click one payout."""

    amount = forms.DecimalField(
        label=_("How many credits?"),
        min_value=Decimal("0.01"),
        max_value=Decimal(10**9),
        max_digits=12,
        decimal_places=2,
        localize=True,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        error_messages={"required": _("Type how many credits should be paid out.")},
    )
    method = forms.ChoiceField(
        label=_("Where to?"),
        error_messages={"required": _("Choose where the money should go.")},
    )
    nonce = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, methods: Sequence[PayoutMethod], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.methods = {str(method.uid): method for method in methods}
        field = self.fields["method"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(uid, method.label) for uid, method in self.methods.items()]

    def add_problem(self, problem: Problem) -> None:
        """As for every form; the service calls our fields by other names."""
        names = {"/amount_centi": "/amount", "/method_uid": "/method"}
        rows = problem.errors or []
        problem.errors = [{**row, "pointer": names.get(row["pointer"], row["pointer"])} for row in rows]
        super().add_problem(problem)

    @property
    def amount_centi(self) -> int:
        """The amount in hundredths of a credit; call after `is_valid`."""
        return int(self.cleaned_data["amount"] * 100)

    @property
    def chosen(self) -> PayoutMethod:
        """Where it should go; call after `is_valid`."""
        return self.methods[self.cleaned_data["method"]]

    def get_request_id(self) -> uuid.UUID:
        """The idempotency key: the page's nonce and the choice, so that choosing anew is a new request."""
        nonce = self.cleaned_data["nonce"] or uuid.uuid4()
        return uuid.uuid5(nonce, f"{self.chosen.uid}|{self.amount_centi}")


def _text(label: StrOrPromise, *, help_text: StrOrPromise = "", **attributes: Any) -> forms.CharField:
    widget = forms.TextInput(attrs={"autocomplete": "off", **attributes})
    return forms.CharField(label=label, max_length=120, help_text=help_text, widget=widget)


def _holder() -> forms.CharField:
    return _text(_("Name of the account's holder"), help_text=_("As your bank writes it. It has to be you."))


class AccountForm(ProblemForm):
    """A new account. `kind`, `words` and the fields differ by the way that was chosen."""

    kind: ClassVar[str] = ""
    words: ClassVar[StrOrPromise] = ""
    country: ClassVar[str] = ""

    def get_fields(self) -> dict[str, Any]:
        """As `add_method` takes them; call after `is_valid`."""
        data = dict(self.cleaned_data)
        currency = data.pop("currency", PAYOUT_CURRENCIES[self.kind][0])
        country = data.pop("country", self.country)
        return {"kind": self.kind, "currency": currency, "country": country, "details": data}


class _PlacedForm(AccountForm):
    """One that asks for the country and the currency."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        codes = country_choices(codes=PAYOUT_COUNTRIES.get(self.kind, ()))
        self.fields["country"] = forms.ChoiceField(label=_("Country of the account"), choices=[("", "–"), *codes])
        currencies = [(code, code) for code in PAYOUT_CURRENCIES[self.kind]]
        self.fields["currency"] = forms.ChoiceField(label=_("Currency of the account"), choices=currencies)
        self.order_fields(["country", "currency"])


class StripeForm(_PlacedForm):
    kind = "stripe"
    words = _("Stripe asks you for your account on its own page. We never see its number.")


class IndianBankForm(AccountForm):
    kind, country = "razorpayx", "IN"
    words = _("A bank account in India, in rupees.")

    account_holder = _holder()
    account_number = _text(_("Account number"), inputmode="numeric")
    ifsc = _text(_("IFSC"), help_text=_("The branch: 11 characters, such as HDFC0001234."), autocapitalize="characters")


class UpiForm(AccountForm):
    kind, country = "razorpayx", "IN"
    words = _("A UPI address, in rupees.")

    account_holder = _holder()
    vpa = _text(_("UPI address"), help_text=_("Such as name@bank."), autocapitalize="off")


class ManualForm(_PlacedForm):
    kind = "manual"
    words = _("We send it by hand. It takes longer; choose it where nothing else reaches you.")

    account_holder = _holder()
    account_number = _text(_("IBAN or account number"), autocapitalize="characters")
    bank_code = _text(_("BIC, routing number or sort code"), autocapitalize="characters")
    bank_name = _text(_("Name of the bank"))


WAYS: dict[str, tuple[StrOrPromise, type[AccountForm]]] = {
    "stripe": (_("Stripe"), StripeForm),
    "bank": (_("Bank in India"), IndianBankForm),
    "upi": (_("UPI"), UpiForm),
    "manual": (_("By hand"), ManualForm),
}
