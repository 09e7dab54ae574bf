-- The hot path of 0001 to 0003 with less work for the server; what it does is the same.

-- A CHECK is read from the catalogue, parsed and planned again by every statement that writes the table; the
-- constraint of a domain is kept ready by the session, and a column that an UPDATE leaves alone is not looked at.
CREATE DOMAIN credits_kind AS text CHECK (VALUE IN (
    'fan:paid', 'fan:promo', 'fan:debt', 'creator:earned', 'creator:promo_earned', 'creator:payout_locked',
    'escrow', 'fee', 'reserve', 'issuance', 'promo_expense', 'redemption', 'chargeback_loss',
    'psp_clearing', 'psp_fee', 'credits_liability', 'payouts_payable', 'bank'));
CREATE DOMAIN credits_unit AS text CHECK (VALUE ~ '^[A-Z]{3}$');
CREATE DOMAIN credits_positive AS bigint CHECK (VALUE > 0);
CREATE DOMAIN credits_not_negative AS bigint CHECK (VALUE >= 0);
CREATE DOMAIN credits_hold_state AS text CHECK (VALUE IN ('open', 'posted', 'voided'));

ALTER TABLE credits_account
    DROP CONSTRAINT credits_account_kind_check, ALTER kind TYPE credits_kind,
    DROP CONSTRAINT credits_account_unit_check, ALTER unit TYPE credits_unit,
    DROP CONSTRAINT credits_account_day_limit_check, ALTER day_limit TYPE credits_not_negative;
ALTER TABLE credits_transfer DROP CONSTRAINT credits_transfer_amount_check, ALTER amount TYPE credits_positive;
ALTER TABLE credits_hold
    DROP CONSTRAINT credits_hold_state_check, ALTER state TYPE credits_hold_state,
    DROP CONSTRAINT credits_hold_paid_check, ALTER paid TYPE credits_not_negative,
    DROP CONSTRAINT credits_hold_promo_check, ALTER promo TYPE credits_not_negative;

-- A hold is made open, by a statement that names none of these columns; the rule is about settling one.
CREATE FUNCTION credits_check_settled() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.state = 'open') <> (NEW.settled_at IS NULL) OR (NEW.state = 'posted') <> (NEW.matures_at IS NOT NULL) THEN
        RAISE EXCEPTION 'hold % cannot be % then', NEW.id, NEW.state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'hold_settled', TABLE = 'credits_hold';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER hold_settled BEFORE UPDATE ON credits_hold FOR EACH ROW EXECUTE FUNCTION credits_check_settled();
ALTER TABLE credits_hold DROP CONSTRAINT hold_settled, DROP CONSTRAINT hold_matures;

-- Every send would lock the escrow account's row for its foreign key, all of them the same one. Transfers are
-- written by the functions of this app only, between accounts that they have just read, and no account is ever
-- deleted (below): the references stay declared and I2 of the self-check finds one that leads nowhere.
ALTER TABLE credits_transfer
    DROP CONSTRAINT credits_transfer_debit_fkey, DROP CONSTRAINT credits_transfer_credit_fkey,
    ADD CONSTRAINT transfer_debit FOREIGN KEY (debit) REFERENCES credits_account (id) NOT ENFORCED,
    ADD CONSTRAINT transfer_credit FOREIGN KEY (credit) REFERENCES credits_account (id) NOT ENFORCED;
CREATE TRIGGER account_no_delete BEFORE DELETE ON credits_account FOR EACH ROW EXECUTE FUNCTION credits_refuse_change();
CREATE TRIGGER account_no_truncate BEFORE TRUNCATE ON credits_account FOR EACH STATEMENT EXECUTE FUNCTION credits_refuse_change();

-- Who may own which kind is decided when an account is made; a CHECK would be asked again with every balance.
CREATE FUNCTION credits_check_owner() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.owner IS NULL) <> (NEW.kind NOT LIKE 'fan:%' AND NEW.kind NOT LIKE 'creator:%') THEN
        RAISE EXCEPTION 'an account of kind % and owner %', NEW.kind, NEW.owner
            USING ERRCODE = 'check_violation', CONSTRAINT = 'account_owner', TABLE = 'credits_account';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER account_owner BEFORE INSERT OR UPDATE OF owner, kind ON credits_account
    FOR EACH ROW EXECUTE FUNCTION credits_check_owner();
ALTER TABLE credits_account DROP CONSTRAINT account_owner;

-- The platform's accounts are made with the tables and never again, so their ids are constants of the plan.
ALTER FUNCTION credits_platform IMMUTABLE;

-- credits_take_for_hold: takes `p_amount` from the fan's accounts, promo credits first, and writes their transfer.
-- Code '' or why not, as credits_hold; `balance` is what is left of both (or there is, when refused).
CREATE FUNCTION credits_take_for_hold(
    p_op uuid, p_actor bigint, p_amount bigint, p_today date, p_escrow bigint,
    OUT code text, OUT account bigint, OUT paid bigint, OUT promo bigint, OUT paid_after bigint, OUT balance bigint
) LANGUAGE plpgsql AS $$
DECLARE
    v_paid_balance bigint; v_promo_account bigint; v_promo_balance bigint; v_promo_after bigint := 0;
    v_debt bigint; v_day_limit bigint; v_day_held bigint;
BEGIN
    SELECT max(a.id) FILTER (WHERE a.kind = 'fan:paid'), max(a.balance) FILTER (WHERE a.kind = 'fan:paid'),
           max(a.id) FILTER (WHERE a.kind = 'fan:promo'), max(a.balance) FILTER (WHERE a.kind = 'fan:promo'),
           max(a.balance) FILTER (WHERE a.kind = 'fan:debt'), max(a.day_limit) FILTER (WHERE a.kind = 'fan:paid'),
           max(CASE WHEN a.day = p_today THEN a.day_held ELSE 0 END) FILTER (WHERE a.kind = 'fan:paid')
      INTO account, v_paid_balance, v_promo_account, v_promo_balance, v_debt, v_day_limit, v_day_held
      FROM credits_account a WHERE a.owner = p_actor AND a.unit = 'CRD';
    balance := COALESCE(v_paid_balance, 0) + COALESCE(v_promo_balance, 0);
    IF v_day_limit IS NOT NULL AND v_day_held + p_amount > v_day_limit THEN code := 'spending_cap_reached'; RETURN; END IF;
    IF v_debt < 0 THEN code := 'debt_outstanding'; RETURN; END IF;
    IF account IS NULL OR balance < p_amount THEN code := 'insufficient_credits'; RETURN; END IF;
    promo := 0;
    IF v_promo_balance > 0 THEN
        -- Two rows to change: take the paid row as the fan's mutex, then read promo again.
        PERFORM 1 FROM credits_account a WHERE a.id = account FOR NO KEY UPDATE;
        SELECT a.balance INTO v_promo_balance FROM credits_account a WHERE a.id = v_promo_account FOR NO KEY UPDATE;
        promo := least(v_promo_balance, p_amount);
    END IF;
    paid := p_amount - promo;
    UPDATE credits_account a
       SET balance = a.balance - paid, version = a.version + 1, day = p_today,
           day_held = CASE WHEN a.day = p_today THEN a.day_held ELSE 0 END + p_amount
     WHERE a.id = account AND a.balance >= paid
       AND (a.day_limit IS NULL OR CASE WHEN a.day = p_today THEN a.day_held ELSE 0 END + p_amount <= a.day_limit)
    RETURNING a.balance INTO paid_after;
    IF NOT FOUND THEN
        -- Lost a race since the read above: say which rule stands in the way now.
        SELECT CASE WHEN a.balance < paid THEN 'insufficient_credits' ELSE 'spending_cap_reached' END,
               a.balance + COALESCE(v_promo_balance, 0)
          INTO code, balance FROM credits_account a WHERE a.id = account;
        RETURN;
    END IF;
    IF promo > 0 THEN
        UPDATE credits_account a SET balance = a.balance - promo, version = a.version + 1
         WHERE a.id = v_promo_account RETURNING a.balance INTO v_promo_after;
        INSERT INTO credits_transfer (op, seq, debit, credit, amount, debit_after, code)
        VALUES (p_op, 2, v_promo_account, p_escrow, promo, v_promo_after, 'hold');
    END IF;
    code := '';
    balance := paid_after + v_promo_after;
END $$;

-- credits_hold_within: credits_hold for a function that runs as the owner already, with its search_path: changing
-- both again costs as much as a look at an index. Called by the application it may not write a row.
-- An account with no promo credits and no debt, the usual one, is one statement whose
-- parts all hang on the row that the UPDATE took: no row, nothing is written. Everything else goes the way of 0002.
CREATE FUNCTION credits_hold_within(
    p_op uuid, p_actor bigint, p_payee bigint, p_scope bigint, p_position bigint, p_amount bigint,
    p_fee_basis_points int, p_at timestamptz, p_expires_at timestamptz,
    OUT code text, OUT hold_id bigint, OUT balance bigint
) LANGUAGE plpgsql AS $$
DECLARE
    v_account bigint; v_paid bigint; v_promo bigint; v_paid_after bigint;
    v_today date := (p_at AT TIME ZONE 'UTC')::date; v_escrow bigint := credits_platform('escrow');
BEGIN
    WITH taken AS (
        UPDATE credits_account a
           SET balance = a.balance - p_amount, version = a.version + 1, day = v_today,
               day_held = CASE WHEN a.day = v_today THEN a.day_held ELSE 0 END + p_amount
         WHERE a.owner = p_actor AND a.kind = 'fan:paid' AND a.unit = 'CRD' AND a.balance >= p_amount
           AND (a.day_limit IS NULL OR CASE WHEN a.day = v_today THEN a.day_held ELSE 0 END + p_amount <= a.day_limit)
           AND NOT EXISTS (SELECT 1 FROM credits_account b WHERE b.owner = p_actor AND b.unit = 'CRD'
                              AND b.kind IN ('fan:promo', 'fan:debt') AND b.balance <> 0)
        RETURNING a.id, a.balance),
    moved AS (
        INSERT INTO credits_transfer (op, seq, debit, credit, amount, debit_after, code)
        SELECT p_op, 1, t.id, v_escrow, p_amount, t.balance, 'hold' FROM taken t)
    INSERT INTO credits_hold (op, actor, payee, scope, "position", paid, promo, fee_paid, fee_promo, created_at, expires_at)
    SELECT p_op, p_actor, p_payee, p_scope, p_position, p_amount, 0, p_amount * p_fee_basis_points / 10000, 0, p_at, p_expires_at
      FROM taken t
    RETURNING id, (SELECT t.balance FROM taken t) INTO hold_id, balance;
    IF FOUND THEN code := ''; RETURN; END IF;

    SELECT t.code, t.account, t.paid, t.promo, t.paid_after, t.balance
      INTO code, v_account, v_paid, v_promo, v_paid_after, balance
      FROM credits_take_for_hold(p_op, p_actor, p_amount, v_today, v_escrow) t;
    IF code <> '' THEN RETURN; END IF;
    IF v_paid > 0 THEN
        INSERT INTO credits_transfer (op, seq, debit, credit, amount, debit_after, code)
        VALUES (p_op, 1, v_account, v_escrow, v_paid, v_paid_after, 'hold');
    END IF;
    INSERT INTO credits_hold (op, actor, payee, scope, "position", paid, promo, fee_paid, fee_promo, created_at, expires_at)
    VALUES (p_op, p_actor, p_payee, p_scope, p_position, v_paid, v_promo,
            v_paid * p_fee_basis_points / 10000, v_promo * p_fee_basis_points / 10000, p_at, p_expires_at)
    RETURNING id INTO hold_id;
    code := '';
END $$;

CREATE OR REPLACE FUNCTION credits_hold(
    p_op uuid, p_actor bigint, p_payee bigint, p_scope bigint, p_position bigint, p_amount bigint,
    p_fee_basis_points int, p_at timestamptz, p_expires_at timestamptz,
    OUT code text, OUT hold_id bigint, OUT balance bigint
) LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT * FROM credits_hold_within(p_op, p_actor, p_payee, p_scope, p_position, p_amount, p_fee_basis_points, p_at, p_expires_at)
$$;
