-- The ledger's tables. Sign convention: every account is credit-normal, a transfer moves `amount` from
-- `debit` to `credit`, so the balances of one unit always sum to zero. Units: 'CRD' in hundredths of a
-- credit, currencies in minor units.
CREATE TABLE credits_account (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN (
        'fan:paid', 'fan:promo', 'fan:debt', 'creator:earned', 'creator:promo_earned', 'creator:payout_locked',
        'escrow', 'fee', 'reserve', 'issuance', 'promo_expense', 'redemption', 'chargeback_loss',
        'psp_clearing', 'psp_fee', 'credits_liability', 'payouts_payable', 'bank')),
    owner bigint,                                  -- user id; NULL for platform accounts
    unit text NOT NULL CHECK (unit ~ '^[A-Z]{3}$'),
    lazy boolean NOT NULL DEFAULT false,           -- balance is folded in by credits_roll_up, never on the hot path
    floor bigint,                                  -- lowest balance allowed; NULL: none
    balance bigint NOT NULL DEFAULT 0,
    version bigint NOT NULL DEFAULT 0,
    rolled_xid xid8,                               -- lazy accounts: transfers with a lower xid are in `balance`
    day_limit bigint CHECK (day_limit >= 0),       -- spending cap a UTC day; NULL: none
    day date,                                      -- the day that `day_held` counts
    day_held bigint NOT NULL DEFAULT 0,
    lots_to bigint NOT NULL DEFAULT 0,             -- transfers up to this id are allocated to lots
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT account_floor CHECK (floor IS NULL OR balance >= floor),
    CONSTRAINT account_owner CHECK ((owner IS NULL) = (kind NOT LIKE 'fan:%' AND kind NOT LIKE 'creator:%'))
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX credits_account_owner_kind ON credits_account (owner, kind, unit) WHERE owner IS NOT NULL;
CREATE UNIQUE INDEX credits_account_platform ON credits_account (kind, unit) WHERE owner IS NULL;

-- One business operation: the idempotency key. A message needs no row, (conversation, message id) is unique.
CREATE TABLE credits_op (
    actor bigint NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL,
    request_hash bytea NOT NULL CHECK (length(request_hash) = 32),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (actor, id)
);
CREATE INDEX credits_op_id ON credits_op (id);

CREATE TABLE credits_transfer (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    op uuid NOT NULL,
    seq smallint NOT NULL,
    debit bigint NOT NULL REFERENCES credits_account (id),
    credit bigint NOT NULL REFERENCES credits_account (id),
    amount bigint NOT NULL CHECK (amount > 0),
    debit_after bigint,                            -- NULL: lazy account
    credit_after bigint,
    code text NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT transfer_two_accounts CHECK (debit <> credit),
    CONSTRAINT transfer_once UNIQUE (op, seq)
);
CREATE INDEX credits_transfer_debit ON credits_transfer (debit, id);
CREATE INDEX credits_transfer_credit ON credits_transfer (credit, id);
CREATE INDEX credits_transfer_xid ON credits_transfer (xid);

-- Escrow: what a fan put up until a reply (posted) or the deadline (voided). `scope` and `position` are the
-- caller's: for messages the conversation's id and the chain index n.
CREATE TABLE credits_hold (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    op uuid NOT NULL UNIQUE,
    actor bigint NOT NULL,
    payee bigint NOT NULL,
    scope bigint NOT NULL,
    "position" bigint NOT NULL,
    paid bigint NOT NULL CHECK (paid >= 0),
    promo bigint NOT NULL CHECK (promo >= 0),
    fee_paid bigint NOT NULL CHECK (fee_paid BETWEEN 0 AND paid),
    fee_promo bigint NOT NULL CHECK (fee_promo BETWEEN 0 AND promo),
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'posted', 'voided')),
    settled_op uuid,
    settled_at timestamptz,
    matures_at timestamptz,
    CONSTRAINT hold_amount CHECK (paid + promo > 0),
    CONSTRAINT hold_settled CHECK ((state = 'open') = (settled_at IS NULL)),
    CONSTRAINT hold_matures CHECK ((state = 'posted') = (matures_at IS NOT NULL)),
    CONSTRAINT hold_place UNIQUE (scope, "position")
) WITH (fillfactor = 80);
CREATE INDEX credits_hold_due ON credits_hold (expires_at) WHERE state = 'open';
CREATE INDEX credits_hold_maturing ON credits_hold (payee, matures_at) WHERE state = 'posted';
CREATE INDEX credits_hold_actor_open ON credits_hold (actor) WHERE state = 'open';

-- A purchase. Spent first in, first out; `remaining` is kept by credits_allocate_lots.
CREATE TABLE credits_lot (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    op uuid NOT NULL UNIQUE,
    account bigint NOT NULL REFERENCES credits_account (id),
    amount bigint NOT NULL CHECK (amount > 0),
    remaining bigint NOT NULL CHECK (remaining >= 0),
    source text NOT NULL,
    payment uuid,
    currency text,
    price_minor bigint CHECK (price_minor > 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT lot_remaining CHECK (remaining <= amount)
);
CREATE INDEX credits_lot_account ON credits_lot (account, id) WHERE remaining > 0;

-- Which operation used how much of which lot; a negative amount gives it back (a voided hold).
CREATE TABLE credits_lot_use (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    lot bigint NOT NULL REFERENCES credits_lot (id),
    op uuid NOT NULL,
    transfer bigint NOT NULL REFERENCES credits_transfer (id),
    amount bigint NOT NULL CHECK (amount <> 0),
    CONSTRAINT lot_use_once UNIQUE (lot, transfer)
);
CREATE INDEX credits_lot_use_op ON credits_lot_use (op);

-- The cluster that `rolled_xid` belongs to. xids restart with a new cluster (restore), then balances of lazy
-- accounts are rebuilt and transfers up to `base_id` are never folded again.
CREATE TABLE credits_roll_up_state (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    system_identifier bigint NOT NULL,
    base_id bigint NOT NULL DEFAULT 0
);
INSERT INTO credits_roll_up_state (system_identifier) SELECT system_identifier FROM pg_control_system();

INSERT INTO credits_account (kind, unit, lazy, rolled_xid)
SELECT kind, 'CRD', true, '3'::xid8
FROM unnest(ARRAY['escrow', 'fee', 'reserve', 'issuance', 'promo_expense', 'redemption', 'chargeback_loss']) kind;
INSERT INTO credits_account (kind, unit, lazy, rolled_xid)
SELECT kind, unit, true, '3'::xid8
FROM unnest(ARRAY['psp_clearing', 'psp_fee', 'credits_liability', 'payouts_payable', 'bank', 'chargeback_loss']) kind,
     unnest(ARRAY['USD', 'EUR', 'INR']) unit;

-- History does not change: against accidents here, against tampering in the transparency log.
CREATE FUNCTION credits_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'ledger history is append-only: % on %', TG_OP, TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER transfer_append_only BEFORE UPDATE OR DELETE ON credits_transfer FOR EACH ROW EXECUTE FUNCTION credits_refuse_change();
CREATE TRIGGER transfer_no_truncate BEFORE TRUNCATE ON credits_transfer FOR EACH STATEMENT EXECUTE FUNCTION credits_refuse_change();
CREATE TRIGGER op_append_only BEFORE UPDATE OR DELETE ON credits_op FOR EACH ROW EXECUTE FUNCTION credits_refuse_change();
CREATE TRIGGER op_no_truncate BEFORE TRUNCATE ON credits_op FOR EACH STATEMENT EXECUTE FUNCTION credits_refuse_change();
CREATE TRIGGER lot_use_append_only BEFORE UPDATE OR DELETE ON credits_lot_use FOR EACH ROW EXECUTE FUNCTION credits_refuse_change();
CREATE TRIGGER lot_use_no_truncate BEFORE TRUNCATE ON credits_lot_use FOR EACH STATEMENT EXECUTE FUNCTION credits_refuse_change();
CREATE TRIGGER hold_no_delete BEFORE DELETE ON credits_hold FOR EACH ROW EXECUTE FUNCTION credits_refuse_change();
CREATE TRIGGER hold_no_truncate BEFORE TRUNCATE ON credits_hold FOR EACH STATEMENT EXECUTE FUNCTION credits_refuse_change();
CREATE TRIGGER lot_no_delete BEFORE DELETE ON credits_lot FOR EACH ROW EXECUTE FUNCTION credits_refuse_change();
CREATE TRIGGER lot_no_truncate BEFORE TRUNCATE ON credits_lot FOR EACH STATEMENT EXECUTE FUNCTION credits_refuse_change();

-- The application reads the tables and runs the functions; it never writes a row itself.
REVOKE ALL ON credits_account, credits_op, credits_transfer, credits_hold, credits_lot, credits_lot_use,
    credits_roll_up_state FROM pairly_app;
GRANT SELECT ON credits_account, credits_op, credits_transfer, credits_hold, credits_lot, credits_lot_use,
    credits_roll_up_state TO pairly_app;
