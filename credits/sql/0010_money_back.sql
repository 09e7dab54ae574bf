-- Money that goes back to who paid: a refund or a dispute of one payment takes back exactly the credits of its lot. In this
-- order: what is unspent of it; what lies in open holds that it funded (they go back to the fan whole); the shared
-- reserve; the fan's debt, which blocks spending until it is repaid. What a payee has earned is never touched.
--
-- Lock order here: holds, the fan's accounts, the reserve.

-- What payouts cost, by currency: credits are sold in one and may be paid out in another. The watermark is that of the
-- others: a roll-up begins at the lowest of all and would fold what they have twice.
INSERT INTO credits_account (kind, unit, lazy, rolled_xid)
SELECT 'redemption', unit, true, (SELECT min(a.rolled_xid) FROM credits_account a WHERE a.lazy)
  FROM unnest(ARRAY['USD', 'EUR', 'INR']) unit
ON CONFLICT DO NOTHING;

CREATE TABLE credits_money_back (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    op uuid NOT NULL UNIQUE,
    lot bigint NOT NULL REFERENCES credits_lot (id),
    kind text NOT NULL CHECK (kind IN ('refund', 'dispute')),
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    covered_minor bigint NOT NULL,                  -- of it, what the credits taken back were worth: no loss
    unspent bigint NOT NULL CHECK (unspent >= 0),
    held bigint NOT NULL CHECK (held >= 0),
    reserve bigint NOT NULL CHECK (reserve >= 0),
    debt bigint NOT NULL CHECK (debt >= 0),
    created_at timestamptz NOT NULL,
    reinstated_op uuid UNIQUE,                      -- a dispute that was won, a refund that failed after all
    reinstated_at timestamptz,
    given_back bigint NOT NULL DEFAULT 0,           -- then: of the credits taken, what was given again
    uncovered_minor bigint NOT NULL DEFAULT 0,      -- then: of `covered_minor`, what is liability again
    CONSTRAINT money_back_covered CHECK (covered_minor BETWEEN 0 AND amount_minor),
    CONSTRAINT money_back_given_back CHECK (given_back BETWEEN 0 AND unspent + held + reserve + debt),
    CONSTRAINT money_back_reinstated CHECK ((reinstated_op IS NULL) = (reinstated_at IS NULL)
        AND (reinstated_op IS NOT NULL OR given_back = 0 AND uncovered_minor = 0))
);
CREATE INDEX credits_money_back_lot ON credits_money_back (lot);
CREATE TRIGGER money_back_no_delete BEFORE DELETE ON credits_money_back FOR EACH ROW EXECUTE FUNCTION credits_refuse_change();
CREATE TRIGGER money_back_no_truncate BEFORE TRUNCATE ON credits_money_back FOR EACH STATEMENT EXECUTE FUNCTION credits_refuse_change();
REVOKE ALL ON credits_money_back FROM pairly_app;
GRANT SELECT ON credits_money_back TO pairly_app;
-- Who may be in debt. Not an index of the accounts: one whose predicate reads `balance` would make every UPDATE of a balance
-- write all indexes of the table anew.
CREATE INDEX credits_money_back_debt ON credits_money_back (lot) WHERE debt > 0;
CREATE INDEX credits_lot_payment ON credits_lot (payment) WHERE payment IS NOT NULL;

-- As in 0008: what a refund or dispute of the payment brought back from escrow restores its lots too.
CREATE OR REPLACE FUNCTION credits_allocate_lots(p_account bigint) RETURNS bigint
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
        ELSIF v_move.code IN ('void', 'refund', 'upheld', 'returned') THEN
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

-- As in 0008, but the holds are locked in the order of their ids, as `credits_take_money_back` locks them: an UPDATE takes
-- them in the order in which it finds them, and the two could wait for each other.
CREATE OR REPLACE FUNCTION credits_post_holds(
    p_op uuid, p_payee bigint, p_scope bigint, p_max_position bigint, p_at timestamptz,
    p_mature_days int, p_mature_days_new int, p_new_creator_days int,
    OUT n_holds int, OUT earned bigint, OUT promo_earned bigint
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_earned_account bigint; v_promo_account bigint; v_matures_at timestamptz; v_delay interval; v_after bigint;
    v_escrow bigint; v_fees bigint; v_promo_fees bigint;
BEGIN
    n_holds := 0; earned := 0; promo_earned := 0;
    PERFORM 1 FROM credits_hold h
      WHERE h.scope = p_scope AND h."position" <= p_max_position AND h.payee = p_payee AND h.state = 'open' AND h.expires_at > p_at
      ORDER BY h.id FOR NO KEY UPDATE;
    IF NOT FOUND THEN RETURN; END IF;
    SELECT id, p_at + make_interval(days => CASE WHEN created_at > p_at - make_interval(days => p_new_creator_days)
                                                 THEN p_mature_days_new ELSE p_mature_days END),
           (SELECT d.delay FROM credits_delayed_payee d WHERE d.payee = p_payee AND d.until > p_at)
      INTO v_earned_account, v_matures_at, v_delay
      FROM credits_account WHERE owner = p_payee AND kind = 'creator:earned' AND unit = 'CRD';
    IF v_delay IS NOT NULL THEN
        UPDATE credits_hold SET state = 'answered', answered_op = p_op, answered_at = p_at, held_until = p_at + v_delay
         WHERE scope = p_scope AND "position" <= p_max_position AND payee = p_payee
           AND state = 'open' AND expires_at > p_at;
        GET DIAGNOSTICS n_holds = ROW_COUNT;
        RETURN;
    END IF;
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

-- credits_lazy_balance: of a platform account, with what no roll-up has folded in. For functions here, under the lock of
-- what they decide.
CREATE FUNCTION credits_lazy_balance(p_account bigint) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT a.balance + COALESCE((SELECT sum(CASE WHEN t.credit = a.id THEN t.amount ELSE -t.amount END)
                                   FROM public.credits_transfer t, public.credits_roll_up_state s
                                  WHERE (t.credit = a.id OR t.debit = a.id) AND t.xid >= a.rolled_xid AND t.id > s.base_id), 0)::bigint
      FROM public.credits_account a WHERE a.id = p_account
$$;

-- credits_lot_move: between a fan's paid credits and `issuance`, for one lot and not for the oldest: `p_amount` above 0 is taken
-- from it, below 0 given to it again. The caller holds the account's lock and has allocated.
CREATE FUNCTION credits_lot_move(p_op uuid, p_seq int, p_account bigint, p_lot bigint, p_amount bigint, p_code text, p_at timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE v_after bigint; v_transfer bigint; v_issuance bigint := credits_platform('issuance');
BEGIN
    IF p_amount = 0 THEN RETURN; END IF;
    UPDATE credits_account SET balance = balance - p_amount, version = version + 1 WHERE id = p_account RETURNING balance INTO STRICT v_after;
    INSERT INTO credits_transfer (op, seq, debit, credit, amount, debit_after, credit_after, code, created_at)
    VALUES (p_op, p_seq, CASE WHEN p_amount > 0 THEN p_account ELSE v_issuance END,
            CASE WHEN p_amount > 0 THEN v_issuance ELSE p_account END, abs(p_amount),
            CASE WHEN p_amount > 0 THEN v_after END, CASE WHEN p_amount < 0 THEN v_after END, p_code, p_at)
    RETURNING id INTO v_transfer;
    UPDATE credits_lot SET remaining = remaining - p_amount WHERE id = p_lot;
    INSERT INTO credits_lot_use (lot, op, transfer, amount) VALUES (p_lot, p_op, v_transfer, p_amount);
    UPDATE credits_account SET lots_to = v_transfer WHERE id = p_account;
END $$;

-- credits_money_back_so_far: what is taken of a lot for all that went back and did not come again: the money, the credits,
-- how many of them out of the lot itself, and what part of the money they covered. Under the lock of the lot's account.
CREATE FUNCTION credits_money_back_so_far(p_lot bigint, OUT minor bigint, OUT taken bigint, OUT from_lot bigint, OUT covered bigint)
LANGUAGE sql STABLE AS $$
    SELECT COALESCE(sum(b.amount_minor) FILTER (WHERE b.reinstated_op IS NULL), 0)::bigint,
           COALESCE(sum(b.unspent + b.held + b.reserve + b.debt - b.given_back), 0)::bigint,
           COALESCE(sum(b.unspent + b.held - greatest(0, b.given_back - b.debt - b.reserve)), 0)::bigint,
           COALESCE(sum(b.covered_minor - b.uncovered_minor), 0)::bigint
      FROM public.credits_money_back b WHERE b.lot = p_lot
$$;

-- credits_lot_share: how many of the lot's credits `p_minor` of its price is, rounded up, so that what stays unspent is never
-- worth more than what was kept; all of the money, or more, is all of the credits.
CREATE FUNCTION credits_lot_share(p_lot credits_lot, p_minor bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT ceil(p_lot.amount::numeric * least(p_minor, p_lot.price_minor) / p_lot.price_minor)::bigint
$$;

-- credits_take_money_back: `p_amount_minor` of the payment went back to who paid. The lot has given its share of all that went
-- back so far, in whichever order it is told of; money that goes back beyond the price is a loss alone. Code '' done,
-- 'replayed' (the numbers of the first time), 'conflict', 'not_found' (no such lot of this person). `holds`: those voided.
CREATE FUNCTION credits_take_money_back(
    p_actor bigint, p_op uuid, p_request_hash bytea, p_payment uuid, p_kind text, p_amount_minor bigint, p_at timestamptz,
    OUT code text, OUT unspent bigint, OUT held bigint, OUT reserve bigint, OUT debt bigint, OUT holds bigint[]
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_lot credits_lot; v_account bigint; v_debt_account bigint; v_hold credits_hold; v_so_far record;
    v_left bigint; v_after bigint; v_covered bigint; v_reserve bigint := credits_platform('reserve');
BEGIN
    unspent := 0; held := 0; reserve := 0; debt := 0; holds := '{}';
    SELECT l.* INTO v_lot FROM credits_lot l JOIN credits_account a ON a.id = l.account
     WHERE l.payment = p_payment AND a.owner = p_actor AND a.kind = 'fan:paid';
    IF NOT FOUND THEN code := 'not_found'; RETURN; END IF;
    code := credits_begin_op(p_actor, p_op, 'money_back', p_request_hash, p_at);
    IF code <> '' THEN
        SELECT b.unspent, b.held, b.reserve, b.debt INTO unspent, held, reserve, debt FROM credits_money_back b WHERE b.op = p_op;
        SELECT COALESCE(array_agg(h.id ORDER BY h.id), '{}') INTO holds FROM credits_hold h WHERE h.settled_op = p_op AND h.state = 'voided';
        RETURN;
    END IF;
    -- Holds before accounts, as whoever settles one does it.
    PERFORM 1 FROM credits_hold h WHERE h.actor = p_actor AND h.state = 'open' ORDER BY h.id FOR NO KEY UPDATE;
    v_account := v_lot.account;
    PERFORM 1 FROM credits_account a WHERE a.id = v_account FOR NO KEY UPDATE;
    PERFORM credits_allocate_lots(v_account);
    SELECT * INTO v_lot FROM credits_lot l WHERE l.id = v_lot.id;

    SELECT * INTO v_so_far FROM credits_money_back_so_far(v_lot.id);
    v_left := greatest(0, credits_lot_share(v_lot, v_so_far.minor + p_amount_minor) - v_so_far.taken);

    unspent := least(v_left, v_lot.remaining);
    v_left := v_left - unspent;
    PERFORM credits_lot_move(p_op, 1, v_account, v_lot.id, unspent, 'money_back', p_at);

    IF v_left > 0 THEN
        -- The youngest first. One that somebody settles at this moment is left to them: what it returns repays the debt.
        FOR v_hold IN
            SELECT h.* FROM credits_hold h
             WHERE h.actor = p_actor AND h.state = 'open'
               AND (SELECT sum(u.amount) FROM credits_lot_use u WHERE u.op = h.op AND u.lot = v_lot.id) > 0
             ORDER BY h.id DESC FOR NO KEY UPDATE SKIP LOCKED
        LOOP
            EXIT WHEN held >= v_left;
            UPDATE credits_hold h SET state = 'voided', settled_op = p_op, settled_at = p_at, reason = 'money_back' WHERE h.id = v_hold.id;
            PERFORM credits_return_hold(v_hold, 'returned', p_at);
            PERFORM credits_allocate_lots(v_account);
            holds := holds || v_hold.id;
            SELECT l.remaining INTO held FROM credits_lot l WHERE l.id = v_lot.id;
        END LOOP;
        held := least(held, v_left);
        v_left := v_left - held;
        PERFORM credits_lot_move(p_op, 2, v_account, v_lot.id, held, 'money_back', p_at);
    END IF;

    IF v_left > 0 THEN
        PERFORM pg_advisory_xact_lock(hashtextextended('credits.reserve', 0));
        reserve := greatest(0, least(v_left, credits_lazy_balance(v_reserve)));
        v_left := v_left - reserve;
        IF reserve > 0 THEN
            INSERT INTO credits_transfer (op, seq, debit, credit, amount, code, created_at)
            VALUES (p_op, 3, v_reserve, credits_platform('issuance'), reserve, 'money_back', p_at);
        END IF;
        debt := v_left;
        IF debt > 0 THEN
            UPDATE credits_account a SET balance = a.balance - debt, version = a.version + 1
             WHERE a.owner = p_actor AND a.kind = 'fan:debt' AND a.unit = 'CRD' RETURNING a.id, a.balance INTO STRICT v_debt_account, v_after;
            INSERT INTO credits_transfer (op, seq, debit, credit, amount, debit_after, code, created_at)
            VALUES (p_op, 4, v_debt_account, credits_platform('issuance'), debt, v_after, 'debt', p_at);
        END IF;
    END IF;

    -- Covered is what came out of the lot, at its price, and never more than the price altogether.
    v_covered := greatest(0, least(
        v_so_far.covered + least(v_so_far.minor + p_amount_minor, v_lot.price_minor) - least(v_so_far.minor, v_lot.price_minor),
        floor(v_lot.price_minor::numeric * (v_so_far.from_lot + unspent + held) / v_lot.amount)) - v_so_far.covered);
    INSERT INTO credits_transfer (op, seq, debit, credit, amount, code, created_at)
    SELECT p_op, m.seq, credits_platform(m.kind, v_lot.currency), credits_platform('psp_clearing', v_lot.currency), m.amount, p_kind, p_at
      FROM (VALUES (5, 'credits_liability', v_covered), (6, 'chargeback_loss', p_amount_minor - v_covered)) m (seq, kind, amount)
     WHERE m.amount > 0;
    INSERT INTO credits_money_back (op, lot, kind, amount_minor, covered_minor, unspent, held, reserve, debt, created_at)
    VALUES (p_op, v_lot.id, p_kind, p_amount_minor, v_covered, unspent, held, reserve, debt, p_at);
END $$;

-- credits_reinstate: what `p_taken_op` took comes again, for the dispute was won, or the refund failed, and its money is back.
-- Other money that went back keeps its share. Given are, in this order: the debt (what was repaid of it comes as credits),
-- the reserve, the lot. Code '' done, 'replayed', 'conflict', 'not_found', 'already_reinstated'.
CREATE FUNCTION credits_reinstate(
    p_actor bigint, p_op uuid, p_request_hash bytea, p_taken_op uuid, p_at timestamptz,
    OUT code text, OUT to_fan bigint, OUT to_debt bigint, OUT to_reserve bigint
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_row credits_money_back; v_lot credits_lot; v_so_far record; v_account bigint; v_debt_account bigint; v_owed bigint;
    v_after bigint; v_given bigint; v_debt bigint; v_to_lot bigint; v_left_minor bigint; v_uncovered bigint;
BEGIN
    to_fan := 0; to_debt := 0; to_reserve := 0;
    SELECT b.* INTO v_row FROM credits_money_back b JOIN credits_lot l ON l.id = b.lot JOIN credits_account a ON a.id = l.account
     WHERE b.op = p_taken_op AND a.owner = p_actor FOR NO KEY UPDATE OF b;
    IF NOT FOUND THEN code := 'not_found'; RETURN; END IF;
    IF v_row.reinstated_op IS NOT NULL AND v_row.reinstated_op <> p_op THEN code := 'already_reinstated'; RETURN; END IF;
    code := credits_begin_op(p_actor, p_op, 'reinstate', p_request_hash, p_at);
    IF code <> '' THEN RETURN; END IF;
    SELECT * INTO v_lot FROM credits_lot l WHERE l.id = v_row.lot;
    v_account := v_lot.account;
    PERFORM 1 FROM credits_account a WHERE a.id = v_account FOR NO KEY UPDATE;
    PERFORM credits_allocate_lots(v_account);
    SELECT * INTO v_so_far FROM credits_money_back_so_far(v_lot.id);
    SELECT a.id, -a.balance INTO v_debt_account, v_owed FROM credits_account a
     WHERE a.owner = p_actor AND a.kind = 'fan:debt' AND a.unit = 'CRD' FOR NO KEY UPDATE;

    v_left_minor := v_so_far.minor - v_row.amount_minor;
    v_given := greatest(0, least(v_so_far.taken - credits_lot_share(v_lot, v_left_minor), v_row.unspent + v_row.held + v_row.reserve + v_row.debt));
    v_debt := least(v_given, v_row.debt);
    to_reserve := least(v_given - v_debt, v_row.reserve);
    v_to_lot := v_given - v_debt - to_reserve;
    to_debt := least(v_debt, v_owed);
    to_fan := v_to_lot + v_debt - to_debt;
    PERFORM credits_lot_move(p_op, 1, v_account, v_lot.id, -v_to_lot, 'reinstated', p_at);
    IF v_debt > to_debt THEN
        -- Repaid meanwhile with credits of other purchases: they come back as credits that no payment can take again.
        UPDATE credits_account a SET balance = a.balance + v_debt - to_debt, version = a.version + 1 WHERE a.id = v_account RETURNING a.balance INTO v_after;
        INSERT INTO credits_transfer (op, seq, debit, credit, amount, credit_after, code, created_at)
        VALUES (p_op, 2, credits_platform('issuance'), v_account, v_debt - to_debt, v_after, 'reinstated', p_at);
        INSERT INTO credits_lot (op, account, amount, remaining, source, created_at)
        VALUES (p_op, v_account, v_debt - to_debt, v_debt - to_debt, 'reinstated', p_at);
    END IF;
    IF to_debt > 0 THEN
        UPDATE credits_account a SET balance = a.balance + to_debt, version = a.version + 1 WHERE a.id = v_debt_account RETURNING a.balance INTO v_after;
        INSERT INTO credits_transfer (op, seq, debit, credit, amount, credit_after, code, created_at)
        VALUES (p_op, 3, credits_platform('issuance'), v_debt_account, to_debt, v_after, 'reinstated', p_at);
    END IF;
    IF to_reserve > 0 THEN
        INSERT INTO credits_transfer (op, seq, debit, credit, amount, code, created_at)
        VALUES (p_op, 4, credits_platform('issuance'), credits_platform('reserve'), to_reserve, 'reinstated', p_at);
    END IF;
    v_uncovered := least(v_row.amount_minor, v_so_far.covered - least(v_so_far.covered, v_left_minor,
        floor(v_lot.price_minor::numeric * (v_so_far.from_lot - v_to_lot) / v_lot.amount)));
    INSERT INTO credits_transfer (op, seq, debit, credit, amount, code, created_at)
    SELECT p_op, m.seq, credits_platform('psp_clearing', v_lot.currency), credits_platform(m.kind, v_lot.currency), m.amount, 'reinstated', p_at
      FROM (VALUES (5, 'credits_liability', v_uncovered), (6, 'chargeback_loss', v_row.amount_minor - v_uncovered)) m (seq, kind, amount)
     WHERE m.amount > 0;
    UPDATE credits_money_back b SET reinstated_op = p_op, reinstated_at = p_at, given_back = v_given, uncovered_minor = v_uncovered WHERE b.id = v_row.id;
END $$;

-- credits_repay_debt: what the fan has in paid credits goes to their debt first. Returns how much.
CREATE FUNCTION credits_repay_debt(p_actor bigint, p_at timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE v_paid record; v_debt record; v_amount bigint;
BEGIN
    SELECT a.id, a.balance INTO v_paid FROM credits_account a WHERE a.owner = p_actor AND a.kind = 'fan:paid' AND a.unit = 'CRD' FOR NO KEY UPDATE;
    SELECT a.id, a.balance INTO v_debt FROM credits_account a WHERE a.owner = p_actor AND a.kind = 'fan:debt' AND a.unit = 'CRD' FOR NO KEY UPDATE;
    v_amount := least(v_paid.balance, -v_debt.balance);
    IF v_amount IS NULL OR v_amount <= 0 THEN RETURN 0; END IF;
    UPDATE credits_account SET balance = balance - v_amount, version = version + 1 WHERE id = v_paid.id;
    UPDATE credits_account SET balance = balance + v_amount, version = version + 1 WHERE id = v_debt.id;
    INSERT INTO credits_transfer (op, seq, debit, credit, amount, debit_after, credit_after, code, created_at)
    VALUES (gen_random_uuid(), 1, v_paid.id, v_debt.id, v_amount, v_paid.balance - v_amount, v_debt.balance + v_amount, 'debt_repaid', p_at);
    RETURN v_amount;
END $$;

-- credits_fund_reserve: the reserve is given its share of all fees there ever were. Returns how much was missing.
CREATE FUNCTION credits_fund_reserve(p_basis_points int, p_at timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE v_fee bigint := credits_platform('fee'); v_reserve bigint := credits_platform('reserve'); v_funded bigint; v_due bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('credits.reserve', 0));
    SELECT COALESCE(sum(amount), 0) INTO v_funded FROM credits_transfer WHERE credit = v_reserve AND code = 'reserve';
    v_due := (credits_lazy_balance(v_fee) + v_funded)::numeric * p_basis_points / 10000 - v_funded;
    IF v_due <= 0 THEN RETURN 0; END IF;
    INSERT INTO credits_transfer (op, seq, debit, credit, amount, code, created_at)
    VALUES (gen_random_uuid(), 1, v_fee, v_reserve, v_due, 'reserve', p_at);
    RETURN v_due;
END $$;

-- credits_move_money: money between accounts of the platform in one currency, for what providers and banks report. The pairs
-- are few and stand here. Code '', 'replayed', 'conflict'.
CREATE FUNCTION credits_move_money(
    p_actor bigint, p_op uuid, p_request_hash bytea, p_code text, p_currency text, p_amount_minor bigint, p_at timestamptz, OUT code text
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE v_debit text; v_credit text;
BEGIN
    SELECT m.debit, m.credit INTO v_debit, v_credit FROM (VALUES
        ('provider_fee', 'psp_fee', 'psp_clearing'),           -- kept by the provider
        ('provider_fee_back', 'psp_clearing', 'psp_fee'),
        ('provider_payout', 'bank', 'psp_clearing'),           -- the provider sent what it held to our bank
        ('provider_top_up', 'psp_clearing', 'bank')            -- we sent the provider money for payouts
    ) m (code, debit, credit) WHERE m.code = p_code;
    IF NOT FOUND THEN RAISE EXCEPTION 'no such movement of money: %', p_code USING ERRCODE = 'check_violation'; END IF;
    code := credits_begin_op(p_actor, p_op, p_code, p_request_hash, p_at);
    IF code <> '' THEN RETURN; END IF;
    INSERT INTO credits_transfer (op, seq, debit, credit, amount, code, created_at)
    VALUES (p_op, 1, credits_platform(v_debit, p_currency), credits_platform(v_credit, p_currency), p_amount_minor, p_code, p_at);
END $$;

REVOKE EXECUTE ON FUNCTION credits_lot_move(uuid, int, bigint, bigint, bigint, text, timestamptz), credits_lazy_balance(bigint),
    credits_money_back_so_far(bigint), credits_lot_share(credits_lot, bigint) FROM pairly_app, PUBLIC;
