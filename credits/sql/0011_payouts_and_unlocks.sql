-- Earnings on their way out, and what is bought at once.

-- credits_lock_payout: `p_amount` of what has matured is set aside. Code '' done, 'replayed', 'conflict', 'debt_outstanding',
-- 'insufficient_earnings'; `available` is what could be asked for, before. The row lock on the earnings comes before
-- reading what matures: a reply paid at this moment is in both or in neither.
CREATE FUNCTION credits_lock_payout(
    p_actor bigint, p_op uuid, p_request_hash bytea, p_amount bigint, p_at timestamptz, OUT code text, OUT available bigint
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE v_earned record; v_locked record;
BEGIN
    SELECT a.id, a.balance INTO v_earned FROM credits_account a
     WHERE a.owner = p_actor AND a.kind = 'creator:earned' AND a.unit = 'CRD' FOR NO KEY UPDATE;
    available := greatest(0, COALESCE(v_earned.balance, 0) - COALESCE((SELECT sum(h.paid - h.fee_paid) FROM credits_hold h
                  WHERE h.payee = p_actor AND h.state = 'posted' AND h.matures_at > p_at), 0));
    IF EXISTS (SELECT 1 FROM credits_op o WHERE o.actor = p_actor AND o.id = p_op) THEN
        code := credits_begin_op(p_actor, p_op, 'payout', p_request_hash, p_at);
        RETURN;
    END IF;
    IF EXISTS (SELECT 1 FROM credits_account a WHERE a.owner = p_actor AND a.kind = 'fan:debt' AND a.balance < 0) THEN code := 'debt_outstanding'; RETURN; END IF;
    IF available < p_amount THEN code := 'insufficient_earnings'; RETURN; END IF;
    code := credits_begin_op(p_actor, p_op, 'payout', p_request_hash, p_at);
    IF code <> '' THEN RETURN; END IF;
    UPDATE credits_account a SET balance = a.balance - p_amount, version = a.version + 1 WHERE a.id = v_earned.id;
    UPDATE credits_account a SET balance = a.balance + p_amount, version = a.version + 1
     WHERE a.owner = p_actor AND a.kind = 'creator:payout_locked' AND a.unit = 'CRD' RETURNING a.id, a.balance INTO STRICT v_locked;
    INSERT INTO credits_transfer (op, seq, debit, credit, amount, debit_after, credit_after, code, created_at)
    VALUES (p_op, 1, v_earned.id, v_locked.id, p_amount, v_earned.balance - p_amount, v_locked.balance, 'payout_requested', p_at);
END $$;

-- credits_step_payout: what became of a locked payout; `p_step`:
--   'rejected'  set aside -> earned again
--   'sent'      set aside -> gone (redemption), and the money is owed to the payee
--   'settled'   the money left our bank
--   'returned'  after 'sent': earned again, the money is not owed any more
--   'bounced'   after 'settled': earned again, the money is in our bank again
-- Each of its own `p_op`. The caller's row decides which steps may follow; code '', 'replayed', 'conflict'.
CREATE FUNCTION credits_step_payout(
    p_actor bigint, p_op uuid, p_request_hash bytea, p_step text, p_amount bigint, p_currency text, p_amount_minor bigint, p_at timestamptz, OUT code text
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE v_earned record; v_locked record; v_redemption bigint := credits_platform('redemption');
BEGIN
    IF p_step NOT IN ('rejected', 'sent', 'settled', 'returned', 'bounced') THEN
        RAISE EXCEPTION 'no such step of a payout: %', p_step USING ERRCODE = 'check_violation';
    END IF;
    code := credits_begin_op(p_actor, p_op, 'payout_' || p_step, p_request_hash, p_at);
    IF code <> '' THEN RETURN; END IF;
    -- Earned before set aside, as credits_lock_payout takes them.
    PERFORM 1 FROM credits_account a WHERE a.owner = p_actor AND a.kind = 'creator:earned' AND a.unit = 'CRD' FOR NO KEY UPDATE;
    IF p_step IN ('rejected', 'sent') THEN
        UPDATE credits_account a SET balance = a.balance - p_amount, version = a.version + 1
         WHERE a.owner = p_actor AND a.kind = 'creator:payout_locked' AND a.unit = 'CRD' RETURNING a.id, a.balance INTO STRICT v_locked;
    END IF;
    IF p_step IN ('rejected', 'returned', 'bounced') THEN
        UPDATE credits_account a SET balance = a.balance + p_amount, version = a.version + 1
         WHERE a.owner = p_actor AND a.kind = 'creator:earned' AND a.unit = 'CRD' RETURNING a.id, a.balance INTO STRICT v_earned;
    END IF;
    IF p_step = 'rejected' THEN
        INSERT INTO credits_transfer (op, seq, debit, credit, amount, debit_after, credit_after, code, created_at)
        VALUES (p_op, 1, v_locked.id, v_earned.id, p_amount, v_locked.balance, v_earned.balance, 'payout_rejected', p_at);
    ELSIF p_step = 'sent' THEN
        INSERT INTO credits_transfer (op, seq, debit, credit, amount, debit_after, code, created_at)
        VALUES (p_op, 1, v_locked.id, v_redemption, p_amount, v_locked.balance, 'payout_sent', p_at);
    ELSIF p_step IN ('returned', 'bounced') THEN
        INSERT INTO credits_transfer (op, seq, debit, credit, amount, credit_after, code, created_at)
        VALUES (p_op, 1, v_redemption, v_earned.id, p_amount, v_earned.balance, 'payout_returned', p_at);
    END IF;
    INSERT INTO credits_transfer (op, seq, debit, credit, amount, code, created_at)
    SELECT p_op, 2, credits_platform(m.debit, p_currency), credits_platform(m.credit, p_currency), p_amount_minor, 'payout_' || p_step, p_at
      FROM (VALUES ('sent', 'redemption', 'payouts_payable'), ('settled', 'payouts_payable', 'bank'),
                   ('returned', 'payouts_payable', 'redemption'), ('bounced', 'bank', 'redemption')) m (step, debit, credit)
     WHERE m.step = p_step;
END $$;

-- credits_unlock: something bought at once, as a hold that is posted with the same operation: caps, promo credits, fee, maturing
-- and giving back are those of a message. `p_item` is the seller's thing and `p_unlock` the purchase of it; their hold has
-- the scope -p_item. Code '' done, 'replayed', 'conflict' (this op bought something else), or as credits_hold. The lock on
-- the fan's credits comes before looking for the op: of two repetitions at once the second finds the first.
CREATE FUNCTION credits_unlock(
    p_op uuid, p_actor bigint, p_payee bigint, p_item bigint, p_unlock bigint, p_amount bigint, p_fee_basis_points int, p_at timestamptz,
    p_mature_days int, p_mature_days_new int, p_new_creator_days int, OUT code text, OUT hold_id bigint, OUT balance bigint
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE v_hold credits_hold;
BEGIN
    PERFORM 1 FROM credits_account a WHERE a.owner = p_actor AND a.kind = 'fan:paid' AND a.unit = 'CRD' FOR NO KEY UPDATE;
    SELECT * INTO v_hold FROM credits_hold h WHERE h.op = p_op;
    IF FOUND THEN
        code := CASE WHEN (v_hold.actor, v_hold.payee, v_hold.scope, v_hold."position", v_hold.paid + v_hold.promo)
                          = (p_actor, p_payee, -p_item, p_unlock, p_amount) THEN 'replayed' ELSE 'conflict' END;
        hold_id := v_hold.id;
        SELECT sum(a.balance) INTO balance FROM credits_account a WHERE a.owner = p_actor AND a.kind IN ('fan:paid', 'fan:promo') AND a.unit = 'CRD';
        RETURN;
    END IF;
    SELECT h.code, h.hold_id, h.balance INTO code, hold_id, balance
      FROM credits_hold_within(p_op, p_actor, p_payee, -p_item, p_unlock, p_amount, p_fee_basis_points, p_at, p_at + interval '1 hour') h;
    IF code <> '' THEN RETURN; END IF;
    UPDATE credits_hold h SET state = 'posted', settled_op = p_op, settled_at = p_at,
           matures_at = credits_matures_at(p_payee, p_at, p_mature_days, p_mature_days_new, p_new_creator_days)
     WHERE h.id = credits_unlock.hold_id RETURNING h.* INTO STRICT v_hold;
    PERFORM credits_pay_hold(v_hold, 60, p_at);
END $$;

-- As in 0008, for messages alone: what was bought at once says nothing about answering.
CREATE OR REPLACE FUNCTION credits_answer_record(p_payee bigint, p_n int, OUT n_replies int, OUT n_upheld int)
LANGUAGE sql STABLE AS $$
    SELECT count(*)::int, (count(*) FILTER (WHERE r.is_upheld))::int FROM (
        SELECT bool_or(h.reason = 'upheld') AS is_upheld FROM (
            SELECT COALESCE(answered_op, settled_op) AS reply, reason, created_at FROM credits_hold
             WHERE payee = p_payee AND scope > 0 AND state <> 'open' AND (state = 'posted' OR answered_op IS NOT NULL)
             ORDER BY created_at DESC LIMIT p_n * 20) h
         GROUP BY h.reply ORDER BY max(h.created_at) DESC LIMIT p_n) r
$$;
CREATE OR REPLACE FUNCTION credits_settled(p_payee bigint, p_since timestamptz)
RETURNS TABLE (actor bigint, created_at timestamptz, is_answered boolean, took_s bigint)
LANGUAGE sql STABLE AS $$
    SELECT h.actor, h.created_at,
           h.state IN ('posted', 'answered') OR h.answered_at IS NOT NULL AND h.reason = 'given_back',
           extract(epoch FROM COALESCE(h.answered_at, h.settled_at) - h.created_at)::bigint
      FROM credits_hold h
     WHERE h.payee = p_payee AND h.created_at >= p_since AND h.state <> 'open' AND h.state <> 'frozen' AND h.paid > 0
       AND h.scope > 0 AND h.reason IS DISTINCT FROM 'money_back'
$$;
