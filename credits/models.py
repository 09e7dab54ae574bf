"""The ledger's tables as Django sees them: for reading only. `credits/sql/` makes and writes them."""

from __future__ import annotations

from django.db import models


class Account(models.Model):
    id = models.BigAutoField(primary_key=True)
    kind = models.TextField()
    owner = models.BigIntegerField(null=True)
    unit = models.TextField()
    lazy = models.BooleanField()
    floor = models.BigIntegerField(null=True)
    balance = models.BigIntegerField()
    version = models.BigIntegerField()
    day_limit = models.BigIntegerField(null=True)
    day = models.DateField(null=True)
    day_held = models.BigIntegerField()
    lots_to = models.BigIntegerField()
    created_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "credits_account"

    def __str__(self) -> str:
        return f"{self.kind} {self.unit} {self.owner or 'platform'}"


class Op(models.Model):
    pk = models.CompositePrimaryKey("actor", "id")
    actor = models.BigIntegerField()
    id = models.UUIDField()
    kind = models.TextField()
    request_hash = models.BinaryField()
    created_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "credits_op"

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class Transfer(models.Model):
    id = models.BigAutoField(primary_key=True)
    op = models.UUIDField()
    seq = models.SmallIntegerField()
    debit = models.ForeignKey(Account, models.DO_NOTHING, db_column="debit", related_name="debits")
    credit = models.ForeignKey(Account, models.DO_NOTHING, db_column="credit", related_name="credits")
    amount = models.BigIntegerField()
    debit_after = models.BigIntegerField(null=True)
    credit_after = models.BigIntegerField(null=True)
    code = models.TextField()
    created_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "credits_transfer"

    def __str__(self) -> str:
        return f"{self.code} {self.amount}"


class Hold(models.Model):
    id = models.BigAutoField(primary_key=True)
    op = models.UUIDField(unique=True)
    actor = models.BigIntegerField()
    payee = models.BigIntegerField()
    scope = models.BigIntegerField()
    position = models.BigIntegerField()
    paid = models.BigIntegerField()
    promo = models.BigIntegerField()
    fee_paid = models.BigIntegerField()
    fee_promo = models.BigIntegerField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    state = models.TextField()
    settled_op = models.UUIDField(null=True)
    settled_at = models.DateTimeField(null=True)
    matures_at = models.DateTimeField(null=True)
    answered_op = models.UUIDField(null=True)
    answered_at = models.DateTimeField(null=True)
    held_until = models.DateTimeField(null=True)
    dispute_op = models.UUIDField(null=True)
    reason = models.TextField(null=True)  # noqa: DJ001 - the table says NULL: the deadline

    class Meta:
        managed = False
        db_table = "credits_hold"

    def __str__(self) -> str:
        return f"{self.state} {self.paid + self.promo}"


class Lot(models.Model):
    id = models.BigAutoField(primary_key=True)
    op = models.UUIDField(unique=True)
    account = models.ForeignKey(Account, models.DO_NOTHING, db_column="account", related_name="lots")
    amount = models.BigIntegerField()
    remaining = models.BigIntegerField()
    source = models.TextField()
    payment = models.UUIDField(null=True)
    currency = models.CharField(max_length=3, null=True)  # noqa: DJ001 - the table says NULL: no purchase
    price_minor = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "credits_lot"

    def __str__(self) -> str:
        return f"{self.source} {self.remaining}/{self.amount}"


class LotUse(models.Model):
    id = models.BigAutoField(primary_key=True)
    lot = models.ForeignKey(Lot, models.DO_NOTHING, db_column="lot", related_name="uses")
    op = models.UUIDField()
    transfer = models.ForeignKey(Transfer, models.DO_NOTHING, db_column="transfer", related_name="lot_uses")
    amount = models.BigIntegerField()

    class Meta:
        managed = False
        db_table = "credits_lot_use"

    def __str__(self) -> str:
        return f"{self.amount} of lot {self.lot_id}"
