-- Operations with an op row: same id and same hash answers 'replayed', same id with another hash 'conflict'.
CREATE FUNCTION credits_begin_op(p_actor bigint, p_op uuid, p_kind text, p_request_hash bytea) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE v_hash bytea;
BEGIN
    INSERT INTO credits_op (actor, id, kind, request_hash) VALUES (p_actor, p_op, p_kind, p_request_hash)
    ON CONFLICT DO NOTHING;
    IF FOUND THEN RETURN ''; END IF;
    SELECT request_hash INTO v_hash FROM credits_op WHERE actor = p_actor AND id = p_op;
    RETURN CASE WHEN v_hash = p_request_hash THEN 'replayed' ELSE 'conflict' END;
END $$;

-- credits_purchase: credits bought. One op, two units: issuance -> fan:paid in CRD, psp_clearing ->
-- credits_liability in the currency, and the lot that remembers price and payment.
CREATE FUNCTION credits_purchase(
    p_actor bigint, p_op uuid, p_request_hash bytea, p_amount bigint, p_currency text, p_amount_minor bigint,
    p_payment uuid, OUT code text, OUT balance bigint
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE v_account bigint;
BEGIN
    code := credits_begin_op(p_actor, p_op, 'purchase', p_request_hash);
    IF code <> '' THEN
        SELECT a.balance INTO balance FROM credits_account a WHERE a.owner = p_actor AND a.kind = 'fan:paid' AND a.unit = 'CRD';
        RETURN;
    END IF;
    UPDATE credits_account a SET balance = a.balance + p_amount, version = a.version + 1
     WHERE a.owner = p_actor AND a.kind = 'fan:paid' AND a.unit = 'CRD' RETURNING a.id, a.balance INTO STRICT v_account, balance;
    INSERT INTO credits_transfer (op, seq, debit, credit, amount, credit_after, code)
    VALUES (p_op, 1, credits_platform('issuance'), v_account, p_amount, balance, 'purchase');
    INSERT INTO credits_transfer (op, seq, debit, credit, amount, code)
    VALUES (p_op, 2, credits_platform('psp_clearing', p_currency), credits_platform('credits_liability', p_currency),
            p_amount_minor, 'purchase');
    INSERT INTO credits_lot (op, account, amount, remaining, source, payment, currency, price_minor)
    VALUES (p_op, v_account, p_amount, p_amount, 'purchase', p_payment, p_currency, p_amount_minor);
END $$;

-- credits_grant_promo: credits given by the platform; they never become money.
CREATE FUNCTION credits_grant_promo(
    p_actor bigint, p_op uuid, p_request_hash bytea, p_amount bigint, OUT code text, OUT balance bigint
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE v_account bigint;
BEGIN
    code := credits_begin_op(p_actor, p_op, 'promo', p_request_hash);
    IF code <> '' THEN
        SELECT a.balance INTO balance FROM credits_account a WHERE a.owner = p_actor AND a.kind = 'fan:promo' AND a.unit = 'CRD';
        RETURN;
    END IF;
    UPDATE credits_account a SET balance = a.balance + p_amount, version = a.version + 1
     WHERE a.owner = p_actor AND a.kind = 'fan:promo' AND a.unit = 'CRD' RETURNING a.id, a.balance INTO STRICT v_account, balance;
    INSERT INTO credits_transfer (op, seq, debit, credit, amount, credit_after, code)
    VALUES (p_op, 1, credits_platform('promo_expense'), v_account, p_amount, balance, 'promo');
END $$;

-- credits_roll_up: folds committed transfers into the lazy accounts. The watermark is the snapshot's xmin, never
-- max(id): a transaction that drew a low id may commit late. After a restore (another cluster) it rebuilds.
-- Returns the number of transfers folded.
CREATE FUNCTION credits_roll_up() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE v_state credits_roll_up_state; v_system bigint; v_from xid8; v_to xid8; v_n bigint;
BEGIN
    SELECT * INTO v_state FROM credits_roll_up_state FOR UPDATE;    -- one roll-up at a time
    SELECT system_identifier INTO v_system FROM pg_control_system();
    IF v_system <> v_state.system_identifier THEN
        LOCK TABLE credits_transfer IN SHARE ROW EXCLUSIVE MODE;
        -- Not our own xid: a transaction that began before us may still insert, with a lower one.
        UPDATE credits_account a SET version = version + 1, rolled_xid = pg_snapshot_xmin(pg_current_snapshot()), balance =
            COALESCE((SELECT sum(t.amount) FROM credits_transfer t WHERE t.credit = a.id), 0)
            - COALESCE((SELECT sum(t.amount) FROM credits_transfer t WHERE t.debit = a.id), 0)
        WHERE a.lazy;
        UPDATE credits_roll_up_state SET system_identifier = v_system,
            base_id = COALESCE((SELECT max(id) FROM credits_transfer), 0);
        RETURN (SELECT count(*) FROM credits_transfer);
    END IF;
    SELECT min(rolled_xid) INTO v_from FROM credits_account WHERE lazy;
    v_to := pg_snapshot_xmin(pg_current_snapshot());
    WITH fresh AS MATERIALIZED (
        SELECT debit, credit, amount FROM credits_transfer
        WHERE xid >= v_from AND xid < v_to AND id > v_state.base_id),
    change AS (
        SELECT account, sum(delta) AS delta
        FROM (SELECT debit AS account, -amount AS delta FROM fresh UNION ALL SELECT credit, amount FROM fresh) moved
        GROUP BY account),
    folded AS (
        UPDATE credits_account a SET rolled_xid = v_to, version = version + 1,
            balance = balance + COALESCE((SELECT delta FROM change c WHERE c.account = a.id), 0)
        WHERE a.lazy RETURNING 1)
    SELECT count(*) INTO v_n FROM fresh;
    RETURN v_n;
END $$;

-- credits_allocate_lots: which lots an account's spending used, as a fold over its transfers in their order
-- (ids are drawn while the account's row is locked, so their order is the order of the balance).
CREATE FUNCTION credits_allocate_lots(p_account bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE v_from bigint; v_move record; v_lot record; v_left bigint; v_take bigint; v_n bigint := 0;
BEGIN
    SELECT lots_to INTO v_from FROM credits_account WHERE id = p_account FOR NO KEY UPDATE;
    FOR v_move IN
        SELECT id, op, amount, code, debit = p_account AS is_spent FROM credits_transfer WHERE debit = p_account AND id > v_from
        UNION ALL
        SELECT id, op, amount, code, false FROM credits_transfer WHERE credit = p_account AND id > v_from
        ORDER BY id
    LOOP
        v_left := v_move.amount;
        IF v_move.is_spent THEN
            FOR v_lot IN SELECT id, remaining FROM credits_lot WHERE account = p_account AND remaining > 0 ORDER BY id LOOP
                EXIT WHEN v_left = 0;
                v_take := least(v_left, v_lot.remaining);
                UPDATE credits_lot SET remaining = remaining - v_take WHERE id = v_lot.id;
                INSERT INTO credits_lot_use (lot, op, transfer, amount) VALUES (v_lot.id, v_move.op, v_move.id, v_take);
                v_left := v_left - v_take;
            END LOOP;
            IF v_left > 0 THEN RAISE EXCEPTION 'account % spent % more than its lots hold', p_account, v_left; END IF;
        ELSIF v_move.code = 'void' THEN
            -- Give back what the hold took, youngest lot first.
            FOR v_lot IN SELECT lot, sum(amount) AS amount FROM credits_lot_use WHERE op = v_move.op
                         GROUP BY lot HAVING sum(amount) > 0 ORDER BY lot DESC LOOP
                EXIT WHEN v_left = 0;
                v_take := least(v_left, v_lot.amount);
                UPDATE credits_lot SET remaining = remaining + v_take WHERE id = v_lot.lot;
                INSERT INTO credits_lot_use (lot, op, transfer, amount) VALUES (v_lot.lot, v_move.op, v_move.id, -v_take);
                v_left := v_left - v_take;
            END LOOP;
        END IF;
        UPDATE credits_account SET lots_to = v_move.id WHERE id = p_account;
        v_n := v_n + 1;
    END LOOP;
    RETURN v_n;
END $$;

REVOKE EXECUTE ON FUNCTION credits_begin_op(bigint, uuid, text, bytea) FROM pairly_app, PUBLIC;

-- credits_plant_difference: for `check_ledger --plant-difference`, which rolls it back. The application's role may
-- not write accounts itself; this function adds one hundredth and refuses to be committed (deferred trigger).
CREATE TABLE credits_planted (at timestamptz NOT NULL DEFAULT now());
CREATE FUNCTION credits_refuse_planted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a planted difference must be rolled back' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE CONSTRAINT TRIGGER planted_never_commits AFTER INSERT ON credits_planted DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION credits_refuse_planted();
REVOKE ALL ON credits_planted FROM pairly_app;
CREATE FUNCTION credits_plant_difference() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO credits_planted DEFAULT VALUES;
    INSERT INTO credits_account (kind, owner, unit, balance) VALUES ('fan:paid', -1, 'CRD', 1);
END $$;
