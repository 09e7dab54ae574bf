"""What a creator types about their account, checked before anybody else sees it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from django.utils.translation import gettext as _

from pairly.common.problems import InvalidInput

from ..constants import PAYOUT_COUNTRIES, PAYOUT_CURRENCIES
from ..gateways.manual import is_iban

_PATTERNS = {
    "account_holder": re.compile(r"[^\x00-\x1f<>]{2,100}"),
    "account_number": re.compile(r"[A-Z0-9]{5,34}"),
    "bank_code": re.compile(r"[A-Z0-9]{6,11}"),  # SWIFT (ISO 9362), a routing number, a sort code
    "bank_name": re.compile(r"[^\x00-\x1f<>]{2,60}"),
    "ifsc": re.compile(r"[A-Z]{4}0[A-Z0-9]{6}"),
    "vpa": re.compile(r"[a-z0-9.\-_]{2,100}@[a-z0-9]{2,64}"),
}
_SPACED = frozenset({"account_holder", "bank_name"})


def read(*, kind: str, currency: str, country: str, details: Mapping[str, str]) -> dict[str, str]:
    """The details in one spelling, and no others than this kind asks for. Raises InvalidInput by field."""
    errors = _check_place(kind, currency, country)
    cleaned = {name: _clean(name, value) for name, value in details.items() if name in _PATTERNS and value.strip()}
    fields = fields_of(kind=kind, has_vpa="vpa" in cleaned)
    for name in fields:
        if not _PATTERNS[name].fullmatch(cleaned.get(name, "")):
            errors.append(_row(name, "invalid" if name in cleaned else "required", _hint(name)))
    number = cleaned.get("account_number", "")
    if kind == "manual" and number[:2].isalpha() and not is_iban(number=number):
        errors.append(_row("account_number", "invalid", _("This IBAN has a slip in it; compare it with your bank's")))
    if errors:
        raise InvalidInput(errors=errors)
    return {name: cleaned[name] for name in fields}


def fields_of(*, kind: str, has_vpa: bool = False) -> tuple[str, ...]:
    """What a kind asks for. Through Stripe the account is told to Stripe alone; in India a UPI address will do."""
    if kind == "manual":
        return ("account_holder", "account_number", "bank_code", "bank_name")
    if kind == "razorpayx":
        return ("account_holder", "vpa") if has_vpa else ("account_holder", "account_number", "ifsc")
    return ()


def _check_place(kind: str, currency: str, country: str) -> list[dict[str, str]]:
    if kind not in PAYOUT_CURRENCIES:
        return [_row("kind", "unknown", _("Choose how you want to be paid"))]
    errors = []
    if currency not in PAYOUT_CURRENCIES[kind]:
        errors.append(_row("currency", "not_offered", _("This way of being paid does not know this currency")))
    if not re.fullmatch(r"[A-Z]{2}", country) or country not in PAYOUT_COUNTRIES.get(kind, {country}):
        errors.append(_row("country", "not_offered", _("This way of being paid does not reach this country")))
    return errors


def _clean(name: str, value: str) -> str:
    if name in _SPACED:
        return " ".join(value.split())
    joined = re.sub(r"[\s]+|(?<=[A-Za-z0-9])-(?=[A-Za-z0-9])", "", value) if name != "vpa" else value.strip()
    return joined.lower() if name == "vpa" else joined.upper()


def _hint(name: str) -> str:
    hints = {
        "account_holder": _("Type the name of the account's holder"),
        "account_number": _("Type the IBAN or the number of the account"),
        "bank_code": _("Type the code of the bank: BIC, routing number or sort code"),
        "bank_name": _("Type the name of the bank"),
        "ifsc": _("Type the IFSC of the branch, 11 characters like HDFC0001234"),
        "vpa": _("Type a UPI address like name@bank"),
    }
    return hints[name]


def _row(name: str, code: str, detail: str) -> dict[str, str]:
    return {"pointer": f"/{name}", "code": code, "detail": detail}
