from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from pairly.common.problems import Problem
from security.selectors import list_outcomes
from security.types import AttemptFilter

from .constants import BLOCK_REASON_MAX, NAME_MAX, PASSWORD_MAX
from .models import User
from .types import Method


class ProblemForm(forms.Form):
    """A form that can show what a service refused, at the field it is about. `problem` is the whole refusal."""

    problem: Problem | None = None

    def add_problem(self, problem: Problem) -> None:
        """Rows with a pointer to one of our fields go there, everything else to the top of the form."""
        self.problem = problem
        rows = [(row["pointer"].lstrip("/"), row) for row in problem.errors or []]
        for field, row in rows:
            if field in self.fields:
                self.add_error(field, forms.ValidationError(row["detail"], code=row["code"]))
        if not any(field in self.fields for field, _row in rows):
            message = str(problem.detail or problem.title)
            self.add_error(None, forms.ValidationError(message, code=problem.code))


def _text(kind: str, autocomplete: str, **attributes: Any) -> dict[str, Any]:
    return {"type": kind, "autocomplete": autocomplete, **attributes}


def _email() -> forms.EmailField:
    widget = forms.EmailInput(attrs=_text("email", "username"))
    return forms.EmailField(label=_("E-mail address"), max_length=254, widget=widget)


def _new_password() -> forms.CharField:
    return forms.CharField(
        label=_("New password"),
        strip=False,
        max_length=PASSWORD_MAX,
        help_text=_("At least 10 characters. A few unrelated words are easy to remember and hard to guess."),
        widget=forms.PasswordInput(attrs=_text("password", "new-password")),
    )


class SignUpForm(ProblemForm):
    role = forms.ChoiceField(
        label=_("I am here as a"),
        choices=User.Role.choices,
        widget=forms.RadioSelect,
        initial=User.Role.FAN,
    )
    name = forms.CharField(
        label=_("Your name"), max_length=NAME_MAX, widget=forms.TextInput(attrs=_text("text", "name"))
    )
    email = forms.EmailField(
        label=_("E-mail address"), max_length=254, widget=forms.EmailInput(attrs=_text("email", "username"))
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=PASSWORD_MAX,
        help_text=_("At least 10 characters. A few unrelated words are easy to remember and hard to guess."),
        widget=forms.PasswordInput(attrs=_text("password", "new-password")),
    )
    birth_date = forms.DateField(
        label=_("Date of birth"),
        help_text=_("Pairly is for people of 18 years and over. Others never see your date of birth."),
        widget=forms.DateInput(format="%Y-%m-%d", attrs=_text("date", "bday")),
    )


class CodeForm(ProblemForm):
    code = forms.CharField(
        label=_("Code from the mail"),
        max_length=16,
        widget=forms.TextInput(attrs=_text("text", "one-time-code", inputmode="numeric")),
    )


class SecondCodeForm(ProblemForm):
    """A code of one of several methods; `method` is the tab it is typed on."""

    method = forms.ChoiceField(choices=[(method, method) for method in Method], widget=forms.HiddenInput)
    code = forms.CharField(
        label=_("Code"),
        required=False,
        strip=False,
        max_length=PASSWORD_MAX,
        widget=forms.TextInput(attrs=_text("text", "one-time-code", inputmode="numeric", autocapitalize="off")),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        method = self.data.get("method") or self.initial.get("method")
        field = self.fields["code"]
        match method:
            case Method.TOTP:
                field.label = _("Code from your authenticator app")
            case Method.EMAIL:
                field.label = _("Code from the mail")
            case Method.BACKUP_CODE:
                field.label = _("Backup code")
                field.widget = forms.TextInput(
                    attrs=_text("text", "off", autocapitalize="characters", spellcheck="false")
                )
            case Method.PASSWORD:
                field.label = _("Password")
                field.widget = forms.PasswordInput(attrs=_text("password", "current-password"))

    def clean(self) -> dict[str, Any]:
        """Whatever is typed needs to be; an approval is given elsewhere."""
        fields: dict[str, Any] = super().clean() or self.cleaned_data
        if fields.get("method") != Method.APPROVAL and not fields.get("code") and "code" not in self.errors:
            self.add_error("code", forms.ValidationError(gettext("Type the code."), code="required"))
        return fields


class TotpCodeForm(ProblemForm):
    code = forms.CharField(
        label=_("Code that the app shows"),
        max_length=16,
        widget=forms.TextInput(attrs=_text("text", "one-time-code", inputmode="numeric")),
    )


class _OffForm(ProblemForm):
    """Stands on a page with another field for a code."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "auto_id": "off_%s"})


class TurnTotpOffForm(_OffForm):
    method = forms.ChoiceField(
        label=_("What you have"),
        choices=[(Method.TOTP, _("The app")), (Method.BACKUP_CODE, _("A backup code"))],
        initial=Method.TOTP,
    )
    code = forms.CharField(
        label=_("Code"), max_length=32, widget=forms.TextInput(attrs=_text("text", "one-time-code", spellcheck="false"))
    )


class TurnEmailOffForm(_OffForm):
    """The password; services call what is typed a code."""

    code = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=PASSWORD_MAX,
        widget=forms.PasswordInput(attrs=_text("password", "current-password")),
    )


class SignInForm(ProblemForm):
    email = forms.CharField(
        label=_("E-mail address"), max_length=254, widget=forms.EmailInput(attrs=_text("email", "username"))
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=PASSWORD_MAX,
        widget=forms.PasswordInput(attrs=_text("password", "current-password")),
    )


class SignInsForm(forms.Form):
    """The filter of the sign-in history, from the URL. What cannot be read is named and left out of the search."""

    outcome = forms.ChoiceField(
        label=_("Result"), required=False, choices=lambda: [("", gettext("All")), *list_outcomes()]
    )
    since = forms.DateField(
        label=_("First day"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs=_text("date", "off")),
    )
    until = forms.DateField(
        label=_("Last day"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs=_text("date", "off")),
    )
    before = forms.IntegerField(min_value=1, max_value=2**62, required=False, widget=forms.HiddenInput)

    def get_wanted(self) -> AttemptFilter:
        """The readable part of the filter; call after `is_valid`."""
        data = self.cleaned_data
        return AttemptFilter.of_days(outcome=data.get("outcome", ""), since=data.get("since"), until=data.get("until"))

    def get_before(self) -> int | None:
        """Where the page starts; call after `is_valid`."""
        before: int | None = self.cleaned_data.get("before")
        return before


class PasswordChangeForm(ProblemForm):
    current_password = forms.CharField(
        label=_("Current password"),
        strip=False,
        max_length=PASSWORD_MAX,
        widget=forms.PasswordInput(attrs=_text("password", "current-password")),
    )
    new_password = _new_password()


class PhoneForm(ProblemForm):
    phone = forms.CharField(
        label=_("Phone number"),
        required=False,
        max_length=32,
        help_text=_("With the country's code, for example +44 20 7946 0958. Leave it empty to remove it."),
        widget=forms.TextInput(attrs=_text("tel", "tel")),
    )


class PasswordForgotForm(ProblemForm):
    email = _email()


class UnlockForm(ProblemForm):
    email = _email()
    code = forms.CharField(
        label=_("Code from the mail"),
        max_length=32,
        widget=forms.TextInput(attrs=_text("text", "one-time-code", autocapitalize="characters", spellcheck="false")),
    )


class PasswordResetForm(ProblemForm):
    email = _email()
    code = forms.CharField(
        label=_("Code from the mail"),
        max_length=32,
        widget=forms.TextInput(attrs=_text("text", "one-time-code", autocapitalize="characters", spellcheck="false")),
    )
    new_password = _new_password()
    method = forms.ChoiceField(
        label=_("What proves that it is you"),
        required=False,
        choices=[(Method.TOTP, _("A code of the authenticator app")), (Method.BACKUP_CODE, _("A backup code"))],
    )
    second_code = forms.CharField(
        label=_("Its code"),
        required=False,
        max_length=32,
        widget=forms.TextInput(attrs=_text("text", "off", autocapitalize="characters", spellcheck="false")),
    )

    def get_fields(self) -> dict[str, Any]:
        """What the service takes; call after `is_valid`."""
        method = self.cleaned_data["method"]
        return {**self.cleaned_data, "method": Method(method) if method else None}


class BlockForm(ProblemForm):
    reason = forms.CharField(
        label=_("Why (only you see this)"),
        help_text=_("A note for yourself. You can leave it empty."),
        max_length=BLOCK_REASON_MAX,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
