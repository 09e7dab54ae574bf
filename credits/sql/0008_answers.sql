-- What happens to held credits besides a reply and the deadline: the payee gives them back, the fan says that the reply
-- was no answer (frozen until staff or the time decides), and replies of payees who lost instant release are paid later
-- (answered). Each is one compare-and-set on the hold's state.
--
--   open --> posted | voided | answered (delayed payee)
--   answered --> posted (`held_until`) | frozen | voided
--   posted --> frozen | voided, until it has matured
--   frozen --> voided | posted, for good or to be given back
--
-- Open, answered and frozen holds lie in escrow. Movements carry the hold's own op; each can happen once, so each has
-- its place in `seq`: 1-2 held, 11-12 back to the fan, 21-24 frozen, 31-34 paid later, 41-44 taken back from the payee
-- to be given back, 51-54 paid again. A second one cannot be written even by mistake.

ALTER DOMAIN credits_hold_state DROP CONSTRAINT credits_hold_state_check1;
ALTER DOMAIN credits_hold_state ADD CONSTRAINT credits_hold_state_check
    CHECK (VALUE IN ('open', 'answered', 'frozen', 'posted', 'voided'));

ALTER TABLE credits_hold
    ADD answered_op uuid,                -- the reply, where that is not `settled_op` any more or not yet
    ADD answered_at timestamptz,
    ADD held_until timestamptz,          -- answered: paid then; frozen: back to the fan then
    ADD dispute_op uuid,                 -- stays: a hold is disputed once
    ADD reason text;                     -- why it was voided; NULL: the deadline

CREATE OR REPLACE FUNCTION credits_check_settled() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.state IN ('open', 'answered', 'frozen')) <> (NEW.settled_at IS NULL)
       OR (NEW.state = 'posted') <> (NEW.matures_at IS NOT NULL)
       OR (NEW.state IN ('answered', 'frozen')) <> (NEW.held_until IS NOT NULL)
       OR NEW.state IN ('answered', 'frozen') AND NEW.answered_at IS NULL
       OR NEW.state = 'frozen' AND NEW.dispute_op IS NULL THEN
        RAISE EXCEPTION 'hold % cannot be % then', NEW.id, NEW.state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'hold_settled', TABLE = 'credits_hold';
    END IF;
    RETURN NEW;
END $$;

-- Payees whose replies are paid after `delay`, until `until`. Few rows; a reply looks for its own by the key.
CREATE TABLE credits_delayed_payee (
    payee bigint PRIMARY KEY,
    delay interval NOT NULL CHECK (delay > '0'),
    until timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
REVOKE ALL ON credits_delayed_payee FROM pairly_app;
GRANT SELECT ON credits_delayed_payee TO pairly_app;

-- credits_delay_payee: takes instant release away until `p_until`, or longer where it is longer already.
CREATE FUNCTION credits_delay_payee(p_payee bigint, p_delay_hours int, p_until timestamptz) RETURNS timestamptz
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    INSERT INTO credits_delayed_payee AS d (payee, delay, until)
    VALUES (p_payee, make_interval(hours => p_delay_hours), p_until)
    ON CONFLICT (payee) DO UPDATE SET delay = EXCLUDED.delay, until = greatest(d.until, EXCLUDED.until)
    RETURNING until
$$;

-- As in 0005. The holds of a delayed payee become answered, and nothing is earned yet: `n_holds` counts them,
-- `earned` and `promo_earned` are 0.
CREATE OR REPLACE FUNCTION credits_post_holds(
    p_op uuid, p_payee bigint, p_scope bigint, p_max_position bigint, p_at timestamptz,
    p_mature_days int, p_mature_days_new int, p_new_creator_days int,
    OUT n_holds int, OUT earned bigint, OUT promo_earned bigint
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_earned_account bigint; v_promo_account bigint; v_matures_at timestamptz; v_delay interval; v_after bigint;
    v_escrow bigint; v_fees bigint; v_promo_fees bigint;
BEGIN
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
        earned := 0;
        promo_earned := 0;
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

-- credits_pay_hold: from escrow to the payee, `p_seq` + 1 to 4. For functions here, which have changed the state.
CREATE FUNCTION credits_pay_hold(p_hold credits_hold, p_seq int, p_at timestamptz) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE v_escrow bigint := credits_platform('escrow'); v_move record; v_account bigint; v_after bigint;
BEGIN
    FOR v_move IN SELECT * FROM (VALUES (1, 'creator:earned', p_hold.paid - p_hold.fee_paid),
                                        (2, 'creator:promo_earned', p_hold.promo - p_hold.fee_promo)) m (seq, kind, amount)
                  WHERE amount > 0 ORDER BY seq LOOP
        UPDATE credits_account SET balance = balance + v_move.amount, version = version + 1
         WHERE owner = p_hold.payee AND kind = v_move.kind AND unit = 'CRD' RETURNING id, balance INTO STRICT v_account, v_after;
        INSERT INTO credits_transfer (op, seq, debit, credit, amount, credit_after, code, created_at)
        VALUES (p_hold.op, p_seq + v_move.seq, v_escrow, v_account, v_move.amount, v_after, 'earn', p_at);
    END LOOP;
    INSERT INTO credits_transfer (op, seq, debit, credit, amount, code, created_at)
    SELECT p_hold.op, p_seq + m.seq, v_escrow, credits_platform(m.kind), m.amount, 'fee', p_at
      FROM (VALUES (3, 'fee', p_hold.fee_paid), (4, 'promo_expense', p_hold.fee_promo)) m (seq, kind, amount) WHERE m.amount > 0;
    RETURN p_hold.paid - p_hold.fee_paid + p_hold.promo - p_hold.fee_promo;
END $$;

-- credits_take_back: from the payee and the platform's fee into escrow again. What has not matured is there: nobody
-- may withdraw it, and the floor of the account refuses where that were ever wrong.
CREATE FUNCTION credits_take_back(p_hold credits_hold, p_seq int, p_at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE v_escrow bigint := credits_platform('escrow'); v_move record; v_account bigint; v_after bigint;
BEGIN
    FOR v_move IN SELECT * FROM (VALUES (1, 'creator:earned', p_hold.paid - p_hold.fee_paid),
                                        (2, 'creator:promo_earned', p_hold.promo - p_hold.fee_promo)) m (seq, kind, amount)
                  WHERE amount > 0 ORDER BY seq LOOP
        UPDATE credits_account SET balance = balance - v_move.amount, version = version + 1
         WHERE owner = p_hold.payee AND kind = v_move.kind AND unit = 'CRD' RETURNING id, balance INTO STRICT v_account, v_after;
        INSERT INTO credits_transfer (op, seq, debit, credit, amount, debit_after, code, created_at)
        VALUES (p_hold.op, p_seq + v_move.seq, v_account, v_escrow, v_move.amount, v_after, 'reverse', p_at);
    END LOOP;
    INSERT INTO credits_transfer (op, seq, debit, credit, amount, code, created_at)
    SELECT p_hold.op, p_seq + m.seq, credits_platform(m.kind), v_escrow, m.amount, 'reverse', p_at
      FROM (VALUES (3, 'fee', p_hold.fee_paid), (4, 'promo_expense', p_hold.fee_promo)) m (seq, kind, amount) WHERE m.amount > 0;
END $$;

-- credits_return_hold: from escrow to the fan, seq 11 and 12 as credits_void_hold.
CREATE FUNCTION credits_return_hold(p_hold credits_hold, p_code text, p_at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE v_escrow bigint := credits_platform('escrow'); v_move record; v_account bigint; v_after bigint;
BEGIN
    FOR v_move IN SELECT * FROM (VALUES (11, 'fan:paid', p_hold.paid), (12, 'fan:promo', p_hold.promo)) m (seq, kind, amount)
                  WHERE amount > 0 ORDER BY seq LOOP
        UPDATE credits_account SET balance = balance + v_move.amount, version = version + 1
         WHERE owner = p_hold.actor AND kind = v_move.kind AND unit = 'CRD' RETURNING id, balance INTO STRICT v_account, v_after;
        INSERT INTO credits_transfer (op, seq, debit, credit, amount, credit_after, code, created_at)
        VALUES (p_hold.op, v_move.seq, v_escrow, v_account, v_move.amount, v_after, p_code, p_at);
    END LOOP;
END $$;

-- credits_matures_at: when what this payee earns now may be withdrawn.
CREATE FUNCTION credits_matures_at(p_payee bigint, p_at timestamptz, p_mature_days int, p_mature_days_new int, p_new_creator_days int)
RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT p_at + make_interval(days => CASE WHEN created_at > p_at - make_interval(days => p_new_creator_days)
                                             THEN p_mature_days_new ELSE p_mature_days END)
      FROM credits_account WHERE owner = p_payee AND kind = 'creator:earned' AND unit = 'CRD'
$$;

-- credits_give_back: the payee returns the hold at this place to the fan, all of it, fee included. `p_reason`:
-- 'given_back', or 'unreadable', which takes an open one only. Code '' done, 'replayed' by this same op before,
-- 'not_found', 'already_returned', 'matured', 'already_settled' (unreadable and not open). The row lock and the state
-- read under it decide against a reply, the deadline, a dispute and its decision.
CREATE FUNCTION credits_give_back(
    p_op uuid, p_payee bigint, p_scope bigint, p_position bigint, p_reason text, p_at timestamptz,
    OUT code text, OUT hold_id bigint, OUT actor bigint, OUT amount bigint, OUT was text, OUT dispute_op uuid
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE v_hold credits_hold;
BEGIN
    SELECT * INTO v_hold FROM credits_hold h
     WHERE h.scope = p_scope AND h."position" = p_position AND h.payee = p_payee FOR NO KEY UPDATE;
    IF NOT FOUND THEN code := 'not_found'; RETURN; END IF;
    hold_id := v_hold.id; actor := v_hold.actor; amount := v_hold.paid + v_hold.promo; was := v_hold.state; dispute_op := v_hold.dispute_op;
    code := CASE WHEN v_hold.state = 'voided' AND v_hold.settled_op = p_op THEN 'replayed'
                 WHEN v_hold.state = 'voided' THEN 'already_returned'
                 WHEN p_reason = 'unreadable' AND v_hold.state <> 'open' THEN 'already_settled'
                 WHEN v_hold.state = 'posted' AND v_hold.matures_at <= p_at THEN 'matured' ELSE '' END;
    IF code <> '' THEN RETURN; END IF;
    UPDATE credits_hold h SET state = 'voided', settled_op = p_op, settled_at = p_at, matures_at = NULL, held_until = NULL,
           reason = p_reason,
           answered_op = COALESCE(h.answered_op, CASE WHEN h.state = 'posted' THEN h.settled_op END),
           answered_at = COALESCE(h.answered_at, CASE WHEN h.state = 'posted' THEN h.settled_at END)
     WHERE h.id = v_hold.id;
    PERFORM credits_return_hold(v_hold, 'refund', p_at);
    IF v_hold.state = 'posted' THEN PERFORM credits_take_back(v_hold, 40, p_at); END IF;
END $$;

-- credits_freeze: the fan says that the reply `p_answer_op` was no answer: all holds that it settled, or marked, and that
-- were not given back since, are frozen for `p_decide_days`. Code '' done, 'replayed' by this same op before,
-- 'not_found', 'already_disputed', 'already_returned', 'too_late' (`p_window_hours` after the reply). `p_op` names the dispute.
CREATE FUNCTION credits_freeze(
    p_op uuid, p_actor bigint, p_scope bigint, p_answer_op uuid, p_at timestamptz, p_window_hours int, p_decide_days int,
    OUT code text, OUT n_holds int, OUT amount bigint, OUT payee bigint, OUT positions bigint[],
    OUT answered_at timestamptz, OUT decide_by timestamptz
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE v_hold credits_hold; v_holds credits_hold[] := '{}';
BEGIN
    n_holds := 0; amount := 0; positions := '{}';
    code := 'not_found';
    FOR v_hold IN
        SELECT * FROM credits_hold h
         WHERE h.scope = p_scope AND h.actor = p_actor AND (h.answered_op = p_answer_op OR h.state = 'posted' AND h.settled_op = p_answer_op)
         ORDER BY h.id FOR NO KEY UPDATE
    LOOP
        IF v_hold.dispute_op IS NOT NULL THEN
            code := CASE WHEN v_hold.dispute_op = p_op THEN 'replayed' ELSE 'already_disputed' END;
            RETURN;
        END IF;
        IF v_hold.state = 'voided' THEN
            code := CASE code WHEN 'not_found' THEN 'already_returned' ELSE code END;
            CONTINUE;
        END IF;
        answered_at := COALESCE(v_hold.answered_at, v_hold.settled_at);
        payee := v_hold.payee;
        IF answered_at + make_interval(hours => p_window_hours) <= p_at OR v_hold.matures_at <= p_at THEN code := 'too_late'; RETURN; END IF;
        code := '';
        v_holds := v_holds || v_hold;
    END LOOP;
    IF code <> '' THEN RETURN; END IF;
    decide_by := p_at + make_interval(days => p_decide_days);
    FOREACH v_hold IN ARRAY v_holds LOOP
        UPDATE credits_hold h SET state = 'frozen', dispute_op = p_op, held_until = decide_by,
               answered_op = p_answer_op, answered_at = credits_freeze.answered_at,
               settled_op = NULL, settled_at = NULL, matures_at = NULL
         WHERE h.id = v_hold.id;
        IF v_hold.state = 'posted' THEN PERFORM credits_take_back(v_hold, 20, p_at); END IF;
        n_holds := n_holds + 1;
        amount := amount + v_hold.paid + v_hold.promo;
        positions := positions || v_hold."position";
    END LOOP;
END $$;

-- credits_decide_frozen: what was frozen by the dispute goes to the fan (`p_is_upheld`; `p_reason` 'upheld' or 'undecided') or to the
-- payee again, where it matures anew. What was given back meanwhile is left alone. Code '' done, 'replayed' by this
-- same op before, 'not_frozen'.
CREATE FUNCTION credits_decide_frozen(
    p_dispute_op uuid, p_op uuid, p_is_upheld boolean, p_reason text, p_at timestamptz,
    p_mature_days int, p_mature_days_new int, p_new_creator_days int,
    OUT code text, OUT n_holds int, OUT amount bigint, OUT positions bigint[]
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE v_hold credits_hold;
BEGIN
    n_holds := 0; amount := 0; positions := '{}';
    FOR v_hold IN SELECT * FROM credits_hold h WHERE h.dispute_op = p_dispute_op AND h.state = 'frozen' ORDER BY h.id FOR NO KEY UPDATE LOOP
        UPDATE credits_hold h SET settled_op = p_op, settled_at = p_at, held_until = NULL,
               state = CASE WHEN p_is_upheld THEN 'voided' ELSE 'posted' END,
               reason = CASE WHEN p_is_upheld THEN p_reason END,
               matures_at = CASE WHEN NOT p_is_upheld THEN
                   credits_matures_at(v_hold.payee, p_at, p_mature_days, p_mature_days_new, p_new_creator_days) END
         WHERE h.id = v_hold.id;
        IF p_is_upheld THEN
            PERFORM credits_return_hold(v_hold, 'upheld', p_at);
        ELSE
            PERFORM credits_pay_hold(v_hold, 50, p_at);
        END IF;
        n_holds := n_holds + 1;
        amount := amount + v_hold.paid + v_hold.promo;
        positions := positions || v_hold."position";
    END LOOP;
    code := CASE WHEN n_holds > 0 THEN ''
                 WHEN EXISTS (SELECT 1 FROM credits_hold h WHERE h.dispute_op = p_dispute_op AND h.settled_op = p_op) THEN 'replayed'
                 ELSE 'not_frozen' END;
END $$;

-- credits_post_answered: the job that pays delayed payees. Takes up to p_limit answered holds that are due and that
-- nobody else works on. Safe to run twice and in parallel.
CREATE FUNCTION credits_post_answered(
    p_at timestamptz, p_limit int, p_mature_days int, p_mature_days_new int, p_new_creator_days int)
RETURNS TABLE (hold_id bigint, actor bigint, payee bigint, scope bigint, "position" bigint, amount bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
DECLARE v_hold credits_hold;
BEGIN
    FOR v_hold IN
        SELECT * FROM (
            SELECT * FROM credits_hold WHERE state = 'answered' AND held_until <= p_at
            ORDER BY held_until LIMIT p_limit FOR NO KEY UPDATE SKIP LOCKED) due
        ORDER BY due.payee, due.id
    LOOP
        UPDATE credits_hold SET state = 'posted', settled_op = answered_op, settled_at = p_at, held_until = NULL,
               matures_at = credits_matures_at(v_hold.payee, p_at, p_mature_days, p_mature_days_new, p_new_creator_days)
         WHERE id = v_hold.id;
        PERFORM credits_pay_hold(v_hold, 30, p_at);
        hold_id := v_hold.id; actor := v_hold.actor; payee := v_hold.payee; scope := v_hold.scope;
        "position" := v_hold."position"; amount := v_hold.paid + v_hold.promo;
        RETURN NEXT;
    END LOOP;
END $$;

REVOKE EXECUTE ON FUNCTION credits_pay_hold(credits_hold, int, timestamptz), credits_take_back(credits_hold, int, timestamptz),
    credits_return_hold(credits_hold, text, timestamptz) FROM pairly_app, PUBLIC;

-- credits_answer_record: of the last `p_n` replies that were paid for, how many there are and how many of them staff found to be
-- no answer. A reply to several messages is one; what was given back unasked, or went back undecided, was not found so.
CREATE FUNCTION credits_answer_record(p_payee bigint, p_n int, OUT n_replies int, OUT n_upheld int)
LANGUAGE sql STABLE AS $$
    SELECT count(*)::int, (count(*) FILTER (WHERE r.is_upheld))::int FROM (
        SELECT bool_or(h.reason = 'upheld') AS is_upheld FROM (
            SELECT COALESCE(answered_op, settled_op) AS reply, reason, created_at FROM credits_hold
             WHERE payee = p_payee AND state <> 'open' AND (state = 'posted' OR answered_op IS NOT NULL)
             ORDER BY created_at DESC LIMIT p_n * 20) h
         GROUP BY h.reply ORDER BY max(h.created_at) DESC LIMIT p_n) r
$$;

-- As in 0007. Answered is what a reply answered, also where its payee gave it back later; what is frozen is undecided
-- and is left out. It took as long as the reply did, not as long as the payment.
CREATE OR REPLACE FUNCTION credits_settled(p_payee bigint, p_since timestamptz)
RETURNS TABLE (actor bigint, created_at timestamptz, is_answered boolean, took_s bigint)
LANGUAGE sql STABLE AS $$
    SELECT h.actor, h.created_at,
           h.state IN ('posted', 'answered') OR h.answered_at IS NOT NULL AND h.reason = 'given_back',
           extract(epoch FROM COALESCE(h.answered_at, h.settled_at) - h.created_at)::bigint
      FROM credits_hold h
     WHERE h.payee = p_payee AND h.created_at >= p_since AND h.state <> 'open' AND h.state <> 'frozen' AND h.paid > 0
$$;

-- As in 0003: whatever brings a hold back to the fan restores its lots.
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
        ELSIF v_move.code IN ('void', 'refund', 'upheld') THEN
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
