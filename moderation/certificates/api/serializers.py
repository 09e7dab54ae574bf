from __future__ import annotations

from rest_framework import serializers


class CertificateOut(serializers.Serializer[object]):
    """A certificate. `payload` (JSON) and `signature` are Base64url; what is signed with the key `kid` (Ed25519) is
    `pairly/certificate/1`, a zero byte and the payload. The other members repeat the payload for reading."""

    code = serializers.CharField()
    url = serializers.CharField()
    state = serializers.ChoiceField(choices=("valid", "expired", "revoked"))
    revoked_at = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField(help_text="the code of why it was taken back, empty where it was not")
    matches = serializers.BooleanField(allow_null=True, help_text="whether it is about the account that `on` names")
    level = serializers.ChoiceField(choices=("age", "document", "selfie"), allow_null=True)
    user_id = serializers.UUIDField(allow_null=True)
    name = serializers.CharField(allow_null=True, help_text="what the account was called when it was issued")
    identity = serializers.CharField(allow_null=True, help_text="SHA-256 of the key of its chat identity, if any")
    issued_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    alg = serializers.ChoiceField(choices=("Ed25519",))
    kid = serializers.CharField()
    payload = serializers.CharField(allow_blank=True)
    signature = serializers.CharField(allow_blank=True)
    does_not_prove = serializers.CharField()
