"""What the endpoints of the chat accept and answer; byte strings are unpadded base64url. Envelopes are checked by
`messaging.envelopes`, not here."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from .answer_serializers import DisputeOut


class Envelope(serializers.Serializer[dict[str, Any]]):
    """A sealed message (e2e, section 2.3): exactly these members. An erased one has `ct` "" and no boxes."""

    v = serializers.ChoiceField(choices=[1])
    hdr = serializers.CharField(help_text="base64url, as all byte strings here")
    sig = serializers.CharField()
    ct = serializers.CharField(allow_blank=True)
    boxes = serializers.ListField(child=serializers.CharField(), help_text="in the order of the header")


@extend_schema_field(Envelope)
class EnvelopeField(serializers.JSONField):
    """Any JSON: `messaging.envelopes` checks it and answers with the protocol's codes."""


class StatementIn(serializers.Serializer[None]):
    statement = serializers.CharField(max_length=400)
    sig = serializers.CharField(max_length=120)
    public = serializers.CharField(max_length=2_000, allow_blank=True, help_text='"" in a statement that revokes')
    label = serializers.CharField(  # type: ignore[assignment]  # a field here, whatever else a serializer calls so
        max_length=80, required=False, allow_blank=True, default=""
    )


class BindIn(serializers.Serializer[None]):
    kid = serializers.CharField(max_length=60)
    sig = serializers.CharField(max_length=120)


class ConversationIn(serializers.Serializer[None]):
    user_id = serializers.UUIDField()


class MessageIn(serializers.Serializer[None]):
    conversation = serializers.UUIDField()
    envelope = EnvelopeField()


class HistoryQuery(serializers.Serializer[None]):
    before_n = serializers.IntegerField(min_value=1, required=False)
    after_n = serializers.IntegerField(min_value=0, required=False)


class LogQuery(serializers.Serializer[None]):
    after_seq = serializers.IntegerField(min_value=0, required=False, default=0)
    log_no = serializers.IntegerField(
        min_value=1, max_value=32_767, required=False, help_text="an older log than the current one"
    )


class MarkIn(serializers.Serializer[None]):
    delivered_n = serializers.IntegerField(min_value=1, max_value=2**62, required=False)
    read_n = serializers.IntegerField(min_value=1, max_value=2**62, required=False)


# -- answers: from the dictionaries that the socket sends as well --------------------------------------------


class LogHeadOut(serializers.Serializer[Any]):
    """Where a key log stands (e2e, section 1)."""

    seq = serializers.IntegerField()
    log_hash = serializers.CharField()


class KeySessionOut(serializers.Serializer[Any]):
    """Which key device this sign-in speaks for; `backup_version` is 0 while there is no backup."""

    session_id = serializers.UUIDField()
    device = serializers.CharField(allow_null=True)
    backup_version = serializers.IntegerField()


class KeyOut(serializers.Serializer[Any]):
    kid = serializers.CharField()
    public = serializers.CharField()
    active = serializers.BooleanField()


class BundleOut(serializers.Serializer[Any]):
    """Somebody's public keys; `identity` and `log` are null for who has none yet."""

    identity = KeyOut(allow_null=True)
    devices = KeyOut(many=True)
    encryption = KeyOut(many=True)
    log = LogHeadOut(allow_null=True)
    log_no = serializers.IntegerField(help_text="grows by one with an identity reset")


class StatementOut(serializers.Serializer[Any]):
    statement = serializers.CharField()
    sig = serializers.CharField()
    public = serializers.CharField(allow_blank=True)


class KeyLogOut(serializers.Serializer[Any]):
    """Statements after `after_seq`, the oldest first, 500 at most. An identity reset begins log `log_no` + 1."""

    log_no = serializers.IntegerField()
    entries = StatementOut(many=True)


class ServerKeyOut(serializers.Serializer[Any]):
    skid = serializers.CharField()
    public = serializers.CharField()


class ServerKeysOut(serializers.Serializer[Any]):
    """The keys that receipts are signed with."""

    keys = ServerKeyOut(many=True)


class BackupSlot(serializers.Serializer[Any]):
    """A way to the wrapped key (e2e, section 4); further members depend on the type."""

    type = serializers.CharField(help_text="argon2id, recovery, pbkdf2-sha256, ...")
    salt = serializers.CharField()
    wrapped = serializers.CharField()
    m = serializers.IntegerField(required=False, help_text="of argon2id, as t and p")
    t = serializers.IntegerField(required=False)
    p = serializers.IntegerField(required=False)


class Backup(serializers.Serializer[Any]):
    """The backup file of e2e section 4: exactly these members. Documents the file; it is stored as it comes."""

    format = serializers.ChoiceField(choices=["pairly-keys"])
    v = serializers.ChoiceField(choices=[1])
    user_id = serializers.CharField()
    gen = serializers.CharField()
    version = serializers.IntegerField(help_text="one more than If-Match")
    slots = BackupSlot(many=True)
    identity = serializers.CharField()
    keyring = serializers.CharField()


class HeadOut(serializers.Serializer[Any]):
    """The last message of a conversation and the chain's hash there (e2e, section 2.5)."""

    n = serializers.IntegerField()
    hash = serializers.CharField()


class PeerOut(serializers.Serializer[Any]):
    user_id = serializers.UUIDField()
    display_name = serializers.CharField()


class OpenHoldOut(serializers.Serializer[Any]):
    """Credits that wait for an answer."""

    state = serializers.ChoiceField(choices=["open"])
    expires_at = serializers.DateTimeField()
    amount_centi = serializers.IntegerField()
    is_mine = serializers.BooleanField()


class OpenedOut(serializers.Serializer[Any]):
    """What it takes to write: where the chain stands, the caller's next number, the price, the other's keys."""

    id = serializers.UUIDField()
    n = serializers.IntegerField()
    head = serializers.CharField()
    next_seq = serializers.IntegerField()
    price_centi = serializers.IntegerField()
    reply_window_s = serializers.IntegerField()
    bundle = BundleOut()


class SrvOut(serializers.Serializer[Any]):
    """The server's part of a message (e2e, section 2.5)."""

    n = serializers.IntegerField()
    recv_ms = serializers.IntegerField()
    prev = serializers.CharField()
    head = serializers.CharField()
    skid = serializers.CharField()
    receipt = serializers.CharField()


class HistoryRowOut(serializers.Serializer[Any]):
    """A message, sealed."""

    conversation = serializers.UUIDField()
    envelope = Envelope()
    srv = SrvOut()
    charged_centi = serializers.IntegerField()
    delivered = serializers.BooleanField()
    read_at = serializers.DateTimeField(allow_null=True)
    hold_state = serializers.ChoiceField(choices=["open", "answered", "frozen", "posted", "voided"], allow_null=True)
    hold_expires_at = serializers.DateTimeField(allow_null=True)
    hold_until = serializers.DateTimeField(
        allow_null=True, help_text="when an answered one is paid, or a frozen one goes back undecided"
    )
    hold_reason = serializers.CharField(
        allow_null=True,
        help_text="why one went back: given_back, unreadable, upheld, undecided, money_back; null is the deadline",
    )
    dispute_until = serializers.DateTimeField(
        allow_null=True, help_text="until when the caller may say that the reply was no answer"
    )
    give_back_until = serializers.DateTimeField(allow_null=True, help_text="until when the caller may give it back")
    dispute = DisputeOut(allow_null=True)


class HoldOut(serializers.Serializer[Any]):
    id = serializers.CharField()
    expires_at = serializers.DateTimeField()


class AckOut(serializers.Serializer[Any]):
    """A message that was accepted."""

    srv = SrvOut()
    charged_centi = serializers.IntegerField()
    balance_centi = serializers.IntegerField()
    hold = HoldOut(allow_null=True)
