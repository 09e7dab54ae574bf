-- Spending caps by day, week (ISO 8601, from Monday) and month, all UTC, and cool-offs: on the account's row, so that the
-- UPDATE which takes the credits decides. A cap counts what is held in its window, also what comes back later.
--
-- Lower at once, higher after a wait: credits_cap_raise keeps what waits. NULL is no cap, the highest of all.

-- `day_limit` is what a send looks at: the lower of the fan's own cap and of the ceiling of an account that is not verified.
-- Columns of plain types: one of a domain would rewrite the table, and a CHECK would be parsed with every send.
ALTER TABLE credits_account
    ADD is_guarded boolean NOT NULL DEFAULT false,     -- has a cap of a week or month, or a cool-off: not for the fast way
    ADD day_cap bigint,
    ADD week_limit bigint,
    ADD week date,                                     -- the Monday of the week that `week_held` counts, while guarded
    ADD week_held bigint,
    ADD month_limit bigint,
    ADD month date,
    ADD month_held bigint,
    ADD cool_off_until timestamptz;

CREATE FUNCTION credits_check_caps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF least(NEW.day_cap, NEW.week_limit, NEW.month_limit) < 0
       OR NEW.cool_off_until < OLD.cool_off_until OR NEW.cool_off_until IS NULL AND OLD.cool_off_until IS NOT NULL THEN
        RAISE EXCEPTION 'a cap below zero, or a cool-off made shorter'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'account_caps', TABLE = 'credits_account';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER account_caps BEFORE UPDATE OF day_cap, week_limit, month_limit, cool_off_until ON credits_account
    FOR EACH ROW EXECUTE FUNCTION credits_check_caps();

CREATE TABLE credits_cap_raise (
    owner bigint NOT NULL,
    cap text NOT NULL CHECK (cap IN ('day', 'week', 'month')),
    limit_centi bigint CHECK (limit_centi >= 0),       -- NULL: no cap
    asked_at timestamptz NOT NULL,
    effective_at timestamptz NOT NULL CHECK (effective_at >= asked_at),
    PRIMARY KEY (owner, cap)
);
CREATE INDEX credits_cap_raise_due ON credits_cap_raise (effective_at);
-- Of columns that no send writes: an index of one that is written, in its predicate too, would cost every send an entry in
-- every index of the table.
CREATE INDEX credits_account_cooling_off ON credits_account (cool_off_until) WHERE is_guarded AND cool_off_until IS NOT NULL;
REVOKE ALL ON credits_cap_raise FROM pairly_app;
GRANT SELECT ON credits_cap_raise TO pairly_app;

-- As in 0005. A message dated before the last one that was counted, as two at midnight may be, counts with it: a counter
-- never goes back to an earlier day and so begins anew.
CREATE OR REPLACE FUNCTION credits_take_for_hold(
    p_op uuid, p_actor bigint, p_amount bigint, p_at timestamptz, p_escrow bigint,
    OUT code text, OUT account bigint, OUT paid bigint, OUT promo bigint, OUT paid_after bigint, OUT balance bigint
) LANGUAGE plpgsql AS $$
DECLARE
    v_paid_balance bigint; v_promo_account bigint; v_promo_balance bigint; v_promo_after bigint := 0;
    v_debt bigint; v_refusal text;
    v_today date := (p_at AT TIME ZONE 'UTC')::date;
    v_week date := date_trunc('week', p_at AT TIME ZONE 'UTC')::date;
    v_month date := date_trunc('month', p_at AT TIME ZONE 'UTC')::date;
BEGIN
    SELECT max(a.id) FILTER (WHERE a.kind = 'fan:paid'), max(a.balance) FILTER (WHERE a.kind = 'fan:paid'),
           max(a.id) FILTER (WHERE a.kind = 'fan:promo'), max(a.balance) FILTER (WHERE a.kind = 'fan:promo'),
           max(a.balance) FILTER (WHERE a.kind = 'fan:debt'),
           max(credits_cap_refusal(a, p_amount, p_at)) FILTER (WHERE a.kind = 'fan:paid')
      INTO account, v_paid_balance, v_promo_account, v_promo_balance, v_debt, v_refusal
      FROM credits_account a WHERE a.owner = p_actor AND a.unit = 'CRD';
    balance := COALESCE(v_paid_balance, 0) + COALESCE(v_promo_balance, 0);
    IF v_refusal <> '' THEN code := v_refusal; RETURN; END IF;
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
       SET balance = a.balance - paid, version = a.version + 1, day = greatest(a.day, v_today),
           day_held = CASE WHEN a.day >= v_today THEN a.day_held ELSE 0 END + p_amount,
           week = CASE WHEN a.is_guarded THEN greatest(a.week, v_week) END,
           week_held = CASE WHEN a.is_guarded THEN CASE WHEN a.week >= v_week THEN a.week_held ELSE 0 END + p_amount END,
           month = CASE WHEN a.is_guarded THEN greatest(a.month, v_month) END,
           month_held = CASE WHEN a.is_guarded THEN CASE WHEN a.month >= v_month THEN a.month_held ELSE 0 END + p_amount END
     WHERE a.id = account AND a.balance >= paid AND credits_cap_refusal(a, p_amount, p_at) = ''
    RETURNING a.balance INTO paid_after;
    IF NOT FOUND THEN
        -- Lost a race since the read above: say which rule stands in the way now.
        SELECT COALESCE(NULLIF(credits_cap_refusal(a, p_amount, p_at), ''), 'insufficient_credits'),
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

-- credits_cap_refusal: why this fan's account may not hold `p_amount` now: '', 'cooling_off' or 'spending_cap_reached'.
CREATE FUNCTION credits_cap_refusal(a credits_account, p_amount bigint, p_at timestamptz) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN a.cool_off_until > p_at THEN 'cooling_off'
        WHEN a.day_limit < CASE WHEN a.day >= (p_at AT TIME ZONE 'UTC')::date THEN a.day_held ELSE 0 END + p_amount
          OR a.week_limit < CASE WHEN a.week >= date_trunc('week', p_at AT TIME ZONE 'UTC')::date THEN a.week_held ELSE 0 END + p_amount
          OR a.month_limit < CASE WHEN a.month >= date_trunc('month', p_at AT TIME ZONE 'UTC')::date THEN a.month_held ELSE 0 END + p_amount
        THEN 'spending_cap_reached' ELSE '' END
$$;

-- As in 0005; who is guarded goes the longer way.
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
           SET balance = a.balance - p_amount, version = a.version + 1, day = greatest(a.day, v_today),
               day_held = CASE WHEN a.day >= v_today THEN a.day_held ELSE 0 END + p_amount
         WHERE a.owner = p_actor AND a.kind = 'fan:paid' AND a.unit = 'CRD' AND a.balance >= p_amount AND NOT a.is_guarded
           AND (a.day_limit IS NULL OR CASE WHEN a.day >= v_today THEN a.day_held ELSE 0 END + p_amount <= a.day_limit)
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

-- credits_held_since: what somebody has held since then, open or not. Each kind has an index of its own.
CREATE FUNCTION credits_held_since(p_actor bigint, p_since timestamptz) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT (COALESCE((SELECT sum(h.paid + h.promo) FROM public.credits_hold h
                       WHERE h.actor = p_actor AND h.state = 'open' AND h.created_at >= p_since), 0)
          + COALESCE((SELECT sum(h.paid + h.promo) FROM public.credits_hold h
                       WHERE h.actor = p_actor AND h.state <> 'open' AND h.created_at >= p_since), 0))::bigint
$$;

-- credits_guard: writes a fan's rules, whose account the caller has locked. Weeks and months are counted while there is
-- something to guard; what was held before is summed up when that begins. `p_ceiling`: the most a day, NULL: none.
CREATE FUNCTION credits_guard(
    p_account credits_account, p_day bigint, p_week bigint, p_month bigint, p_cool_off_until timestamptz, p_ceiling bigint, p_at timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_is_guarded boolean := p_week IS NOT NULL OR p_month IS NOT NULL OR COALESCE(p_cool_off_until > p_at, false);
    v_week timestamp := date_trunc('week', p_at AT TIME ZONE 'UTC');
    v_month timestamp := date_trunc('month', p_at AT TIME ZONE 'UTC');
BEGIN
    IF v_is_guarded AND NOT p_account.is_guarded THEN
        UPDATE credits_account SET week = v_week::date, week_held = credits_held_since(p_account.owner, v_week AT TIME ZONE 'UTC'),
               month = v_month::date, month_held = credits_held_since(p_account.owner, v_month AT TIME ZONE 'UTC')
         WHERE id = p_account.id;
    END IF;
    UPDATE credits_account
       SET is_guarded = v_is_guarded, day_cap = p_day, day_limit = least(p_day, p_ceiling), week_limit = p_week, month_limit = p_month,
           cool_off_until = p_cool_off_until, version = version + 1
     WHERE id = p_account.id;
END $$;

-- credits_set_caps: the three caps that a fan wants. Lower ones hold from now on, higher ones after `p_wait`; wanting what is
-- takes back a raise that waits, and wanting what waits already leaves its date. False: no such account.
CREATE FUNCTION credits_set_caps(
    p_user bigint, p_day bigint, p_week bigint, p_month bigint, p_ceiling bigint, p_at timestamptz, p_wait interval
) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE v_account credits_account; v_now bigint[]; v_want bigint[] := ARRAY[p_day, p_week, p_month]; v_cap text; i int;
BEGIN
    SELECT * INTO v_account FROM credits_account a WHERE a.owner = p_user AND a.kind = 'fan:paid' AND a.unit = 'CRD' FOR NO KEY UPDATE;
    IF NOT FOUND THEN RETURN false; END IF;
    v_now := ARRAY[v_account.day_cap, v_account.week_limit, v_account.month_limit];
    FOR i IN 1..3 LOOP
        v_cap := (ARRAY['day', 'week', 'month'])[i];
        IF v_want[i] IS NOT DISTINCT FROM v_now[i] OR v_want[i] < COALESCE(v_now[i], v_want[i] + 1) THEN
            v_now[i] := v_want[i];
            DELETE FROM credits_cap_raise r WHERE r.owner = p_user AND r.cap = v_cap;
        ELSE
            INSERT INTO credits_cap_raise AS r (owner, cap, limit_centi, asked_at, effective_at)
            VALUES (p_user, v_cap, v_want[i], p_at, p_at + p_wait)
            ON CONFLICT (owner, cap) DO UPDATE
               SET limit_centi = EXCLUDED.limit_centi, asked_at = EXCLUDED.asked_at, effective_at = EXCLUDED.effective_at
             WHERE r.limit_centi IS DISTINCT FROM EXCLUDED.limit_centi;
        END IF;
    END LOOP;
    PERFORM credits_guard(v_account, v_now[1], v_now[2], v_now[3], v_account.cool_off_until, p_ceiling, p_at);
    RETURN true;
END $$;

-- credits_refresh_caps: raises that are due, the ceiling as it is now, and a guard that is not needed any more. Returns how many
-- raises took effect. Safe to run twice.
CREATE FUNCTION credits_refresh_caps(p_user bigint, p_ceiling bigint, p_at timestamptz) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE v_account credits_account; v_raise record; v_n int := 0;
BEGIN
    SELECT * INTO v_account FROM credits_account a WHERE a.owner = p_user AND a.kind = 'fan:paid' AND a.unit = 'CRD' FOR NO KEY UPDATE;
    IF NOT FOUND THEN RETURN 0; END IF;
    FOR v_raise IN DELETE FROM credits_cap_raise r WHERE r.owner = p_user AND r.effective_at <= p_at RETURNING r.cap, r.limit_centi LOOP
        CASE v_raise.cap
            WHEN 'day' THEN v_account.day_cap := v_raise.limit_centi;
            WHEN 'week' THEN v_account.week_limit := v_raise.limit_centi;
            ELSE v_account.month_limit := v_raise.limit_centi;
        END CASE;
        v_n := v_n + 1;
    END LOOP;
    PERFORM credits_guard(v_account, v_account.day_cap, v_account.week_limit, v_account.month_limit, v_account.cool_off_until, p_ceiling, p_at);
    RETURN v_n;
END $$;

-- credits_cool_off: nothing can be spent until `p_until`, or later where it was later already. Returns until when.
CREATE FUNCTION credits_cool_off(p_user bigint, p_until timestamptz, p_at timestamptz) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE v_account credits_account; v_until timestamptz;
BEGIN
    SELECT * INTO STRICT v_account FROM credits_account a WHERE a.owner = p_user AND a.kind = 'fan:paid' AND a.unit = 'CRD' FOR NO KEY UPDATE;
    v_until := greatest(v_account.cool_off_until, p_until);
    -- What holds for a day, with the ceiling in it, stays as it is.
    PERFORM credits_guard(v_account, v_account.day_cap, v_account.week_limit, v_account.month_limit, v_until, v_account.day_limit, p_at);
    RETURN v_until;
END $$;

REVOKE EXECUTE ON FUNCTION credits_cap_refusal(credits_account, bigint, timestamptz),
    credits_guard(credits_account, bigint, bigint, bigint, timestamptz, bigint, timestamptz) FROM pairly_app, PUBLIC;
