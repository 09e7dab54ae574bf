from __future__ import annotations

from rest_framework import serializers

from ..constants import PASSKEY_NAME_MAX
from ..types import Ceremony, NewPasskey, PasskeyRow
from .serializers import _WithDevice


class AnswerIn(serializers.Serializer[None]):
    """What the device answered: `credential` as of PublicKeyCredential.toJSON(), `state` from the begin."""

    state = serializers.CharField(max_length=64)
    credential = serializers.DictField()


class RegistrationIn(AnswerIn):
    name = serializers.CharField(max_length=PASSKEY_NAME_MAX, required=False, allow_blank=True, default="")


class LoginBeginIn(serializers.Serializer[None]):
    """`temp_token` of a sign-in that waits for its second step; without it nobody is named."""

    temp_token = serializers.CharField(max_length=64, required=False, allow_blank=True, default="")


class LoginFinishIn(AnswerIn, LoginBeginIn, _WithDevice):
    pass


class PageBeginIn(serializers.Serializer[None]):
    """As `LoginBeginIn`; a browser's tokens stay in its session."""

    second_step = serializers.BooleanField(required=False, default=False)


class PageFinishIn(PageBeginIn):
    credential = serializers.DictField()
    next = serializers.CharField(required=False, allow_blank=True, default="")


class CeremonyOut(serializers.Serializer[Ceremony]):
    options = serializers.DictField()
    state = serializers.CharField()


class PasskeyOut(serializers.Serializer[PasskeyRow]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    created_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField(allow_null=True)
    is_synced = serializers.BooleanField()


class NewPasskeyOut(serializers.Serializer[NewPasskey]):
    passkey = PasskeyOut()
    backup_codes = serializers.ListField(child=serializers.CharField())
