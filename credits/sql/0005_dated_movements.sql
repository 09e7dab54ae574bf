-- Movements are dated by the operation that makes them, as holds already are: the time a message was received, the
-- deadline job's time, a payment's. For most that is the moment of writing to the millisecond; it is not for what is
-- written late. No rule reads these dates: balances, roll-up and lots go by id and xid.

-- As in 0004, with `p_at` for `p_today`.
DROP FUNCTION credits_take_for_hold(uuid, bigint, bigint, date, bigint);
CREATE FUNCTION credits_take_for_hold(
    p_op uuid, p_actor bigint, p_amount bigint, p_at timestamptz, p_escrow bigint,
    OUT code text, OUT account bigint, OUT paid bigint, OUT promo bigint, OUT paid_after bigint, OUT balance bigint
) LANGUAGE plpgsql AS $$
DECLARE
    v_paid_balance bigint; v_promo_account bigint; v_promo_balance bigint; v_promo_after bigint := 0;
    v_debt bigint; v_day_limit bigint; v_day_held bigint; v_today date := (p_at AT TIME ZONE 'UTC')::date;
BEGIN
    SELECT max(a.id) FILTER (WHERE a.kind = 'fan:paid'), max(a.balance) FILTER (WHERE a.kind = 'fan:paid'),
           max(a.id) FILTER (WHERE a.kind = 'fan:promo'), max(a.balance) FILTER (WHERE a.kind = 'fan:promo'),
           max(a.balance) FILTER (WHERE a.kind = 'fan:debt'), max(a.day_limit) FILTER (WHERE a.kind = 'fan:paid'),
           max(CASE WHEN a.day = v_today THEN a.day_held ELSE 0 END) FILTER (WHERE a.kind = 'fan:paid')
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
       SET balance = a.balance - paid, version = a.version + 1, day = v_today,
           day_held = CASE WHEN a.day = v_today THEN a.day_held ELSE 0 END + p_amount
     WHERE a.id = account AND a.balance >= paid
       AND (a.day_limit IS NULL OR CASE WHEN a.day = v_today THEN a.day_held ELSE 0 END + p_amount <= a.day_limit)
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
        INSERT INTO credits_transfer (op, seq, debit, credit, amount, debit_after, code, created_at)
        VALUES (p_op, 2, v_promo_account, p_escrow, promo, v_promo_after, 'hold', p_at);
    END IF;
    code := '';
    balance := paid_after + v_promo_after;
END $$;

-- As in 0004.
CREATE OR REPLACE FUNCTION credits_hold_within(
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
        INSERT INTO credits_transfer (op, seq, debit, credit, amount, debit_after, code, created_at)
        SELECT p_op, 1, t.id, v_escrow, p_amount, t.balance, 'hold', p_at FROM taken t)
    INSERT INTO credits_hold (op, actor, payee, scope, "position", paid, promo, fee_paid, fee_promo, created_at, expires_at)
    SELECT p_op, p_actor, p_payee, p_scope, p_position, p_amount, 0, p_amount * p_fee_basis_points / 10000, 0, p_at, p_expires_at
      FROM taken t
    RETURNING id, (SELECT t.balance FROM taken t) INTO hold_id, balance;
    IF FOUND THEN code := ''; RETURN; END IF;

    SELECT t.code, t.account, t.paid, t.promo, t.paid_after, t.balance
      INTO code, v_account, v_paid, v_promo, v_paid_after, balance
      FROM credits_take_for_hold(p_op, p_actor, p_amount, p_at, v_escrow) t;
    IF code <> '' THEN RETURN; END IF;
    IF v_paid > 0 THEN
        INSERT INTO credits_transfer (op, seq, debit, credit, amount, debit_after, code, created_at)
        VALUES (p_op, 1, v_account, v_escrow, v_paid, v_paid_after, 'hold', p_at);
    END IF;
    INSERT INTO credits_hold (op, actor, payee, scope, "position", paid, promo, fee_paid, fee_promo, created_at, expires_at)
    VALUES (p_op, p_actor, p_payee, p_scope, p_position, v_paid, v_promo,
            v_paid * p_fee_basis_points / 10000, v_promo * p_fee_basis_points / 10000, p_at, p_expires_at)
    RETURNING id INTO hold_id;
    code := '';
END $$;

-- As in 0002.
CREATE OR REPLACE FUNCTION credits_post_holds(
    p_op uuid, p_payee bigint, p_scope bigint, p_max_position bigint, p_at timestamptz,
    p_mature_days int, p_mature_days_new int, p_new_creator_days int,
    OUT n_holds int, OUT earned bigint, OUT promo_earned bigint
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_earned_account bigint; v_promo_account bigint; v_matures_at timestamptz; v_after bigint; v_seq smallint := 0;
    v_escrow bigint; v_fee bigint; v_promo_expense bigint; v_fees bigint; v_promo_fees bigint;
BEGIN
    SELECT id, p_at + make_interval(days => CASE WHEN created_at > p_at - make_interval(days => p_new_creator_days)
                                                 THEN p_mature_days_new ELSE p_mature_days END)
      INTO v_earned_account, v_matures_at
      FROM credits_account WHERE owner = p_payee AND kind = 'creator:earned' AND unit = 'CRD';
    WITH posted AS (
        UPDATE credits_hold SET state = 'posted', settled_op = p_op, settled_at = p_at, matures_at = v_matures_at
         WHERE scope = p_scope AND "position" <= p_max_position AND payee = p_payee
           AND state = 'open' AND expires_at > p_at
        RETURNING paid, promo, fee_paid, fee_promo)
    SELECT count(*), COALESCE(sum(paid - fee_paid), 0), COALESCE(sum(promo - fee_promo), 0),
           COALESCE(sum(fee_paid), 0), COALESCE(sum(fee_promo), 0)
      INTO n_holds, earned, promo_earned, v_fees, v_promo_fees FROM posted;
    IF n_holds = 0 THEN RETURN; END IF;
    v_escrow := credits_platform('escrow');
    IF earned > 0 THEN
        UPDATE credits_account SET balance = balance + earned, version = version + 1
         WHERE id = v_earned_account RETURNING balance INTO v_after;
        INSERT INTO credits_transfer (op, seq, debit, credit, amount, credit_after, code, created_at)
        VALUES (p_op, 1, v_escrow, v_earned_account, earned, v_after, 'earn', p_at);
    END IF;
    IF promo_earned > 0 THEN
        UPDATE credits_account SET balance = balance + promo_earned, version = version + 1
         WHERE owner = p_payee AND kind = 'creator:promo_earned' AND unit = 'CRD'
        RETURNING id, balance INTO v_promo_account, v_after;
        INSERT INTO credits_transfer (op, seq, debit, credit, amount, credit_after, code, created_at)
        VALUES (p_op, 2, v_escrow, v_promo_account, promo_earned, v_after, 'earn', p_at);
    END IF;
    IF v_fees > 0 THEN
        INSERT INTO credits_transfer (op, seq, debit, credit, amount, code, created_at)
        VALUES (p_op, 3, v_escrow, credits_platform('fee'), v_fees, 'fee', p_at);
    END IF;
    IF v_promo_fees > 0 THEN
        INSERT INTO credits_transfer (op, seq, debit, credit, amount, code, created_at)
        VALUES (p_op, 4, v_escrow, credits_platform('promo_expense'), v_promo_fees, 'fee', p_at);
    END IF;
END $$;

CREATE OR REPLACE FUNCTION credits_void_hold(p_hold bigint, p_at timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE v_hold credits_hold; v_account bigint; v_after bigint; v_escrow bigint;
BEGIN
    UPDATE credits_hold SET state = 'voided', settled_op = op, settled_at = p_at
     WHERE id = p_hold AND state = 'open' RETURNING * INTO v_hold;
    IF NOT FOUND THEN RETURN false; END IF;
    v_escrow := credits_platform('escrow');
    IF v_hold.paid > 0 THEN
        UPDATE credits_account SET balance = balance + v_hold.paid, version = version + 1
         WHERE owner = v_hold.actor AND kind = 'fan:paid' AND unit = 'CRD'
        RETURNING id, balance INTO v_account, v_after;
        INSERT INTO credits_transfer (op, seq, debit, credit, amount, credit_after, code, created_at)
        VALUES (v_hold.op, 11, v_escrow, v_account, v_hold.paid, v_after, 'void', p_at);
    END IF;
    IF v_hold.promo > 0 THEN
        UPDATE credits_account SET balance = balance + v_hold.promo, version = version + 1
         WHERE owner = v_hold.actor AND kind = 'fan:promo' AND unit = 'CRD'
        RETURNING id, balance INTO v_account, v_after;
        INSERT INTO credits_transfer (op, seq, debit, credit, amount, credit_after, code, created_at)
        VALUES (v_hold.op, 12, v_escrow, v_account, v_hold.promo, v_after, 'void', p_at);
    END IF;
    RETURN true;
END $$;

-- As in 0003, with the time as a last parameter that callers who know nothing of it may leave out.
DROP FUNCTION credits_begin_op(bigint, uuid, text, bytea);
CREATE FUNCTION credits_begin_op(p_actor bigint, p_op uuid, p_kind text, p_request_hash bytea, p_at timestamptz) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE v_hash bytea;
BEGIN
    INSERT INTO credits_op (actor, id, kind, request_hash, created_at)
    VALUES (p_actor, p_op, p_kind, p_request_hash, p_at)
    ON CONFLICT DO NOTHING;
    IF FOUND THEN RETURN ''; END IF;
    SELECT request_hash INTO v_hash FROM credits_op WHERE actor = p_actor AND id = p_op;
    RETURN CASE WHEN v_hash = p_request_hash THEN 'replayed' ELSE 'conflict' END;
END $$;
REVOKE EXECUTE ON FUNCTION credits_begin_op(bigint, uuid, text, bytea, timestamptz) FROM pairly_app, PUBLIC;

DROP FUNCTION credits_purchase(bigint, uuid, bytea, bigint, text, bigint, uuid);
CREATE FUNCTION credits_purchase(
    p_actor bigint, p_op uuid, p_request_hash bytea, p_amount bigint, p_currency text, p_amount_minor bigint,
    p_payment uuid, p_at timestamptz DEFAULT now(), OUT code text, OUT balance bigint
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE v_account bigint;
BEGIN
    code := credits_begin_op(p_actor, p_op, 'purchase', p_request_hash, p_at);
    IF code <> '' THEN
        SELECT a.balance INTO balance FROM credits_account a WHERE a.owner = p_actor AND a.kind = 'fan:paid' AND a.unit = 'CRD';
        RETURN;
    END IF;
    UPDATE credits_account a SET balance = a.balance + p_amount, version = a.version + 1
     WHERE a.owner = p_actor AND a.kind = 'fan:paid' AND a.unit = 'CRD' RETURNING a.id, a.balance INTO STRICT v_account, balance;
    INSERT INTO credits_transfer (op, seq, debit, credit, amount, credit_after, code, created_at)
    VALUES (p_op, 1, credits_platform('issuance'), v_account, p_amount, balance, 'purchase', p_at);
    INSERT INTO credits_transfer (op, seq, debit, credit, amount, code, created_at)
    VALUES (p_op, 2, credits_platform('psp_clearing', p_currency), credits_platform('credits_liability', p_currency),
            p_amount_minor, 'purchase', p_at);
    INSERT INTO credits_lot (op, account, amount, remaining, source, payment, currency, price_minor, created_at)
    VALUES (p_op, v_account, p_amount, p_amount, 'purchase', p_payment, p_currency, p_amount_minor, p_at);
END $$;

DROP FUNCTION credits_grant_promo(bigint, uuid, bytea, bigint);
CREATE FUNCTION credits_grant_promo(
    p_actor bigint, p_op uuid, p_request_hash bytea, p_amount bigint, p_at timestamptz DEFAULT now(),
    OUT code text, OUT balance bigint
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE v_account bigint;
BEGIN
    code := credits_begin_op(p_actor, p_op, 'promo', p_request_hash, p_at);
    IF code <> '' THEN
        SELECT a.balance INTO balance FROM credits_account a WHERE a.owner = p_actor AND a.kind = 'fan:promo' AND a.unit = 'CRD';
        RETURN;
    END IF;
    UPDATE credits_account a SET balance = a.balance + p_amount, version = a.version + 1
     WHERE a.owner = p_actor AND a.kind = 'fan:promo' AND a.unit = 'CRD' RETURNING a.id, a.balance INTO STRICT v_account, balance;
    INSERT INTO credits_transfer (op, seq, debit, credit, amount, credit_after, code, created_at)
    VALUES (p_op, 1, credits_platform('promo_expense'), v_account, p_amount, balance, 'promo', p_at);
END $$;
