-- Escrow. Lock order everywhere: fan, creator, platform, each by id.

-- credits_platform(kind, unit): id of a platform account. Immutable in fact: ids never change.
CREATE FUNCTION credits_platform(p_kind text, p_unit text DEFAULT 'CRD') RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT id FROM public.credits_account WHERE owner IS NULL AND kind = p_kind AND unit = p_unit
$$;

-- credits_open_accounts: the accounts of one user; safe to run twice. `p_day_limit` NULL: no cap.
CREATE FUNCTION credits_open_accounts(p_user bigint, p_creator boolean, p_day_limit bigint) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    INSERT INTO credits_account (kind, owner, unit, floor, day_limit)
    SELECT kind, p_user, 'CRD', CASE WHEN kind = 'fan:debt' THEN NULL ELSE 0 END,
           CASE WHEN kind = 'fan:paid' THEN p_day_limit END
    FROM unnest(ARRAY['fan:paid', 'fan:promo', 'fan:debt']
        || CASE WHEN p_creator THEN ARRAY['creator:earned', 'creator:promo_earned', 'creator:payout_locked']
                ELSE ARRAY[]::text[] END) kind
    ON CONFLICT DO NOTHING
$$;

-- credits_set_day_limit: the spending-cap hook of a fan's account.
CREATE FUNCTION credits_set_day_limit(p_user bigint, p_day_limit bigint) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    UPDATE credits_account SET day_limit = p_day_limit, version = version + 1
    WHERE owner = p_user AND kind = 'fan:paid' AND unit = 'CRD'
$$;

-- credits_hold: fan to escrow, promo credits first. Code '' on success, else nothing was written:
-- 'spending_cap_reached', 'debt_outstanding', 'insufficient_credits'. `balance` is paid + promo afterwards
-- (or now, when refused).
-- The fan's account is the only row updated, by one compare-and-set; the creator's row is never touched.
CREATE FUNCTION credits_hold(
    p_op uuid, p_actor bigint, p_payee bigint, p_scope bigint, p_position bigint, p_amount bigint,
    p_fee_basis_points int, p_at timestamptz, p_expires_at timestamptz,
    OUT code text, OUT hold_id bigint, OUT balance bigint
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_paid_account bigint; v_paid_balance bigint; v_promo_account bigint; v_promo_balance bigint; v_debt bigint;
    v_day_limit bigint; v_day_held bigint; v_paid bigint; v_promo bigint := 0; v_paid_after bigint;
    v_promo_after bigint := 0; v_today date := (p_at AT TIME ZONE 'UTC')::date; v_escrow bigint;
BEGIN
    SELECT max(a.id) FILTER (WHERE a.kind = 'fan:paid'), max(a.balance) FILTER (WHERE a.kind = 'fan:paid'),
           max(a.id) FILTER (WHERE a.kind = 'fan:promo'), max(a.balance) FILTER (WHERE a.kind = 'fan:promo'),
           max(a.balance) FILTER (WHERE a.kind = 'fan:debt'), max(a.day_limit) FILTER (WHERE a.kind = 'fan:paid'),
           max(CASE WHEN a.day = v_today THEN a.day_held ELSE 0 END) FILTER (WHERE a.kind = 'fan:paid')
      INTO v_paid_account, v_paid_balance, v_promo_account, v_promo_balance, v_debt, v_day_limit, v_day_held
      FROM credits_account a WHERE a.owner = p_actor AND a.unit = 'CRD';
    balance := COALESCE(v_paid_balance, 0) + COALESCE(v_promo_balance, 0);
    IF v_day_limit IS NOT NULL AND v_day_held + p_amount > v_day_limit THEN code := 'spending_cap_reached'; RETURN; END IF;
    IF v_debt < 0 THEN code := 'debt_outstanding'; RETURN; END IF;
    IF v_paid_account IS NULL OR balance < p_amount THEN code := 'insufficient_credits'; RETURN; END IF;
    IF v_promo_balance > 0 THEN
        -- Two rows to change: take the paid row as the fan's mutex, then read promo again.
        PERFORM 1 FROM credits_account a WHERE a.id = v_paid_account FOR NO KEY UPDATE;
        SELECT a.balance INTO v_promo_balance FROM credits_account a WHERE a.id = v_promo_account FOR NO KEY UPDATE;
        v_promo := least(v_promo_balance, p_amount);
    END IF;
    v_paid := p_amount - v_promo;
    UPDATE credits_account a
       SET balance = a.balance - v_paid, version = a.version + 1, day = v_today,
           day_held = CASE WHEN a.day = v_today THEN a.day_held ELSE 0 END + p_amount
     WHERE a.id = v_paid_account AND a.balance >= v_paid
       AND (a.day_limit IS NULL OR CASE WHEN a.day = v_today THEN a.day_held ELSE 0 END + p_amount <= a.day_limit)
    RETURNING a.balance INTO v_paid_after;
    IF NOT FOUND THEN
        -- Lost a race since the read above: say which rule stands in the way now.
        SELECT CASE WHEN a.balance < v_paid THEN 'insufficient_credits' ELSE 'spending_cap_reached' END,
               a.balance + COALESCE(v_promo_balance, 0)
          INTO code, balance FROM credits_account a WHERE a.id = v_paid_account;
        RETURN;
    END IF;
    v_escrow := credits_platform('escrow');
    IF v_paid > 0 THEN
        INSERT INTO credits_transfer (op, seq, debit, credit, amount, debit_after, code)
        VALUES (p_op, 1, v_paid_account, v_escrow, v_paid, v_paid_after, 'hold');
    END IF;
    IF v_promo > 0 THEN
        UPDATE credits_account a SET balance = a.balance - v_promo, version = a.version + 1
         WHERE a.id = v_promo_account RETURNING a.balance INTO v_promo_after;
        INSERT INTO credits_transfer (op, seq, debit, credit, amount, debit_after, code)
        VALUES (p_op, 2, v_promo_account, v_escrow, v_promo, v_promo_after, 'hold');
    END IF;
    INSERT INTO credits_hold (op, actor, payee, scope, "position", paid, promo, fee_paid, fee_promo, created_at, expires_at)
    VALUES (p_op, p_actor, p_payee, p_scope, p_position, v_paid, v_promo,
            v_paid * p_fee_basis_points / 10000, v_promo * p_fee_basis_points / 10000, p_at, p_expires_at)
    RETURNING id INTO hold_id;
    code := '';
    balance := v_paid_after + v_promo_after;
END $$;

-- credits_post_holds: a reply settles every open hold of `scope` up to `max_position` that is not past its
-- deadline. The compare-and-set on `state` decides against the deadline job. Returns how many and what the
-- payee earned (paid, promo), in hundredths. Fees go to the platform, fees on promo back to its expense.
CREATE FUNCTION credits_post_holds(
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
        INSERT INTO credits_transfer (op, seq, debit, credit, amount, credit_after, code)
        VALUES (p_op, 1, v_escrow, v_earned_account, earned, v_after, 'earn');
    END IF;
    IF promo_earned > 0 THEN
        UPDATE credits_account SET balance = balance + promo_earned, version = version + 1
         WHERE owner = p_payee AND kind = 'creator:promo_earned' AND unit = 'CRD'
        RETURNING id, balance INTO v_promo_account, v_after;
        INSERT INTO credits_transfer (op, seq, debit, credit, amount, credit_after, code)
        VALUES (p_op, 2, v_escrow, v_promo_account, promo_earned, v_after, 'earn');
    END IF;
    IF v_fees > 0 THEN
        INSERT INTO credits_transfer (op, seq, debit, credit, amount, code)
        VALUES (p_op, 3, v_escrow, credits_platform('fee'), v_fees, 'fee');
    END IF;
    IF v_promo_fees > 0 THEN
        INSERT INTO credits_transfer (op, seq, debit, credit, amount, code)
        VALUES (p_op, 4, v_escrow, credits_platform('promo_expense'), v_promo_fees, 'fee');
    END IF;
END $$;

-- credits_void_hold: gives one hold back to the fan; false when it was settled already. The transfers carry
-- the hold's own op with seq 11 and 12, so a second void cannot be written even by mistake.
CREATE FUNCTION credits_void_hold(p_hold bigint, p_at timestamptz) RETURNS boolean
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
        INSERT INTO credits_transfer (op, seq, debit, credit, amount, credit_after, code)
        VALUES (v_hold.op, 11, v_escrow, v_account, v_hold.paid, v_after, 'void');
    END IF;
    IF v_hold.promo > 0 THEN
        UPDATE credits_account SET balance = balance + v_hold.promo, version = version + 1
         WHERE owner = v_hold.actor AND kind = 'fan:promo' AND unit = 'CRD'
        RETURNING id, balance INTO v_account, v_after;
        INSERT INTO credits_transfer (op, seq, debit, credit, amount, credit_after, code)
        VALUES (v_hold.op, 12, v_escrow, v_account, v_hold.promo, v_after, 'void');
    END IF;
    RETURN true;
END $$;

-- credits_void_overdue: the deadline job. Takes up to p_limit overdue holds that nobody else works on, by fan
-- id (lock order), and returns the ones it gave back. Safe to run twice and in parallel.
CREATE FUNCTION credits_void_overdue(p_at timestamptz, p_limit int)
RETURNS TABLE (hold_id bigint, hold_op uuid, actor bigint, payee bigint, scope bigint, "position" bigint, amount bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
DECLARE v_hold credits_hold;
BEGIN
    FOR v_hold IN
        SELECT * FROM (
            SELECT * FROM credits_hold WHERE state = 'open' AND expires_at <= p_at
            ORDER BY expires_at LIMIT p_limit FOR NO KEY UPDATE SKIP LOCKED) due
        ORDER BY due.actor, due.id
    LOOP
        IF credits_void_hold(v_hold.id, p_at) THEN
            hold_id := v_hold.id; hold_op := v_hold.op; actor := v_hold.actor; payee := v_hold.payee;
            scope := v_hold.scope; "position" := v_hold."position"; amount := v_hold.paid + v_hold.promo;
            RETURN NEXT;
        END IF;
    END LOOP;
END $$;
