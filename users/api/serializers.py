from __future__ import annotations

import base64
import uuid
from typing import Any, Literal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from rest_framework import serializers

from security.models import LoginAttempt
from security.types import AttemptFilter, AttemptRow, ReasonRow
from security.user_agents import name_of

from ..constants import NAME_MAX, PASSWORD_MAX
from ..models import Session, User
from ..types import Challenged, Device, FactorState, Method, TotpSetup


class Choice(serializers.ChoiceField):
    """As DRF's, but its refusal does not repeat what was sent, which may be long, or no Unicode at all."""

    default_error_messages = {"invalid_choice": lazy("This is not one of the values that will do.")}


class _MethodOut(serializers.ChoiceField):
    """A way to prove more than a password."""

    def __init__(self) -> None:
        super().__init__(choices=[method.value for method in Method])


class DeviceIn(serializers.Serializer[None]):
    name = serializers.CharField(max_length=80, required=False, allow_blank=True, default="")
    fingerprint = serializers.CharField(max_length=256, required=False, allow_blank=True, default="")


class _WithDevice(serializers.Serializer[None]):
    device = DeviceIn(required=False, allow_null=True)

    def get_device(self) -> Device:
        """The validated device, empty when none was named."""
        return Device(**(self.validated_data.get("device") or {}))


class SignUpIn(_WithDevice):
    email = serializers.EmailField(max_length=254)
    password = serializers.CharField(max_length=PASSWORD_MAX, trim_whitespace=False)
    name = serializers.CharField(max_length=NAME_MAX)
    role = Choice(choices=User.Role.choices)
    birth_date = serializers.DateField()


class SignInIn(_WithDevice):
    email = serializers.CharField(max_length=254)
    password = serializers.CharField(max_length=PASSWORD_MAX, trim_whitespace=False)


class RefreshIn(serializers.Serializer[None]):
    refresh_token = serializers.CharField(max_length=200)


class CodeIn(serializers.Serializer[None]):
    code = serializers.CharField(max_length=16)


class SecondStepIn(serializers.Serializer[None]):
    """The proof of a waiting sign-in. `code` may be left out for an approval, which is given elsewhere."""

    temp_token = serializers.CharField(max_length=200)
    method = Choice(choices=[Method.TOTP, Method.EMAIL, Method.BACKUP_CODE, Method.APPROVAL])
    code = serializers.CharField(max_length=32, required=False, allow_blank=True, default="")

    def validate(self, attrs: dict[str, str]) -> dict[str, str]:
        if attrs["method"] != Method.APPROVAL and not attrs["code"]:
            raise serializers.ValidationError({"code": [serializers.ErrorDetail(_("Type the code."), "required")]})
        return attrs


class BackupCodeStepIn(serializers.Serializer[None]):
    temp_token = serializers.CharField(max_length=200)
    code = serializers.CharField(max_length=32)


class TempTokenIn(serializers.Serializer[None]):
    temp_token = serializers.CharField(max_length=200)


class StepUpIn(serializers.Serializer[None]):
    """`code` is what is typed: of the app, a backup code, or the password."""

    method = Choice(choices=[Method.TOTP, Method.BACKUP_CODE, Method.PASSWORD])
    code = serializers.CharField(max_length=PASSWORD_MAX, trim_whitespace=False)


class TurnTotpOffIn(serializers.Serializer[None]):
    method = Choice(choices=[Method.TOTP, Method.BACKUP_CODE], default=Method.TOTP)
    code = serializers.CharField(max_length=32)


class EmailFactorIn(serializers.Serializer[None]):
    """Turning codes by mail off needs the password."""

    enabled = serializers.BooleanField()
    password = serializers.CharField(max_length=PASSWORD_MAX, trim_whitespace=False, required=False, default="")


class StepUpOut(serializers.Serializer[Any]):
    """`methods` will do, the best first."""

    methods = serializers.ListField(child=_MethodOut())
    fresh = serializers.BooleanField()


class BackupCodesOut(serializers.Serializer[Any]):
    """Shown this once; empty where some are left."""

    backup_codes = serializers.ListField(child=serializers.CharField())


class TotpSetupOut(serializers.Serializer[TotpSetup]):
    secret = serializers.CharField()
    otpauth_uri = serializers.CharField(source="uri")
    qr_png = serializers.SerializerMethodField(help_text="PNG in base64")

    def get_qr_png(self, setup: TotpSetup) -> str:
        return base64.b64encode(setup.qr_png).decode()


class FactorStateOut(serializers.Serializer[FactorState]):
    enabled = serializers.BooleanField(source="is_on")
    methods = serializers.ListField(child=_MethodOut())
    totp = serializers.BooleanField(source="has_totp")
    passkeys = serializers.IntegerField(source="n_passkeys")
    email = serializers.BooleanField(source="has_email")
    backup_codes_left = serializers.IntegerField(source="n_backup_codes")


class PasswordChangeIn(serializers.Serializer[None]):
    current_password = serializers.CharField(max_length=PASSWORD_MAX, trim_whitespace=False)
    new_password = serializers.CharField(max_length=PASSWORD_MAX, trim_whitespace=False)


class PasswordForgotIn(serializers.Serializer[None]):
    email = serializers.EmailField(max_length=254)


class PasswordResetIn(serializers.Serializer[None]):
    email = serializers.EmailField(max_length=254)
    code = serializers.CharField(max_length=32)
    new_password = serializers.CharField(max_length=PASSWORD_MAX, trim_whitespace=False)
    method = Choice(choices=[Method.TOTP, Method.BACKUP_CODE], required=False, default=None)
    second_code = serializers.CharField(max_length=32, required=False, allow_blank=True, default="")

    def get_fields_of_reset(self) -> dict[str, Any]:
        """What the service takes; call after `is_valid`."""
        method = self.validated_data["method"]
        return {**self.validated_data, "method": Method(method) if method else None}


class SignOutIn(serializers.Serializer[None]):
    refresh_token = serializers.CharField(max_length=200, required=False, allow_blank=True, allow_null=True)


class UserOut(serializers.ModelSerializer[User]):
    """The account as its owner sees it."""

    id = serializers.UUIDField(source="uid")
    email_verified = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = [
            "id",
            "email",
            "name",
            "role",
            "birth_date",
            "language",
            "email_verified",
            "verification_level",
            "created_at",
        ]
        read_only_fields = fields

    def get_email_verified(self, user: User) -> bool:
        return user.email_verified_at is not None


class SignedInOut(serializers.Serializer[Any]):
    """A sign-in that began or goes on; `expires_in` is the life of the access token in seconds."""

    user = UserOut()
    access_token = serializers.CharField()
    refresh_token = serializers.CharField()
    token_type = serializers.CharField()
    expires_in = serializers.IntegerField()


class ChallengedOut(serializers.Serializer[Challenged]):
    """A sign-in that waits for its second step: one of `methods`, with `temp_token`, at auth/login-2fa."""

    requires_2fa = serializers.SerializerMethodField()
    temp_token = serializers.CharField(source="token")
    methods = serializers.ListField(child=_MethodOut())

    def get_requires_2fa(self, challenged: Challenged) -> Literal[True]:
        return True


class SessionOut(serializers.ModelSerializer[Session]):
    """A sign-in; `id` stays the same while its tokens rotate."""

    current = serializers.SerializerMethodField()
    device = serializers.SerializerMethodField()

    class Meta:
        model = Session
        fields = [
            "id",
            "current",
            "kind",
            "device",
            "device_name",
            "ip",
            "user_agent",
            "created_at",
            "last_seen_at",
            "expires_at",
        ]
        read_only_fields = fields

    def get_current(self, session: Session) -> bool:
        family: uuid.UUID | None = self.context.get("family")
        return session.pk == family

    def get_device(self, session: Session) -> str:
        """Browser and system in plain words."""
        return name_of(user_agent=session.user_agent)


class PhoneOut(serializers.Serializer[User]):
    phone = serializers.CharField(allow_null=True)


class PhoneIn(serializers.Serializer[None]):
    phone = serializers.CharField(max_length=32, allow_blank=True, allow_null=True)


class SignInsQuery(serializers.Serializer[None]):
    """The filters of the sign-in history. Days are whole days of UTC, the last one included."""

    outcome = Choice(choices=LoginAttempt.Outcome.values, required=False, default="")
    since = serializers.DateField(required=False, default=None)
    until = serializers.DateField(required=False, default=None)
    before = serializers.IntegerField(min_value=1, max_value=2**62, required=False, default=None)

    def get_wanted(self) -> AttemptFilter:
        """The filter; call after `is_valid`."""
        return AttemptFilter.of_days(**{name: self.validated_data[name] for name in ("outcome", "since", "until")})


class ReasonOut(serializers.Serializer[ReasonRow]):
    """A rule that spoke in a judgement: its code, and the same in plain words."""

    code = serializers.CharField()
    text = serializers.CharField()


class SignInOut(serializers.Serializer[AttemptRow]):
    """One try to sign in: `outcome` and `failure_reason` are codes, `result` and `reason` the same in words.

    `family` is the sign-in it became, as in `auth/sessions`; `risk_score` is from 0 to 100 with `reasons`.
    """

    created_at = serializers.DateTimeField()
    outcome = serializers.ChoiceField(choices=LoginAttempt.Outcome.values)
    result = serializers.CharField()
    failure_reason = serializers.CharField()
    reason = serializers.CharField()
    door = serializers.CharField()
    device = serializers.CharField()
    ip = serializers.CharField()
    family = serializers.UUIDField(allow_null=True)
    known_device = serializers.BooleanField(allow_null=True)
    risk_score = serializers.IntegerField(allow_null=True)
    risk = serializers.CharField()
    reasons = ReasonOut(many=True)


class SignInPageOut(serializers.Serializer[Any]):
    results = SignInOut(many=True)
    next = serializers.URLField(allow_null=True)
