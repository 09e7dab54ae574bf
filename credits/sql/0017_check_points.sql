-- Where a check of the invariants last found everything in order, so that the next one needs to look only at what was
-- written since: transactions from `xid` on. As for the roll-up the mark is the snapshot's xmin, never a highest id, and it
-- holds for the cluster that wrote it: after a restore the next check is a full one.
CREATE TABLE credits_check_point (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    system_identifier bigint NOT NULL,
    xid xid8 NOT NULL,
    at timestamptz NOT NULL,                       -- of the check's snapshot
    full_at timestamptz NOT NULL                   -- of the last check that read everything
);
-- What each lazy account held before `xid`.
CREATE TABLE credits_check_total (
    account bigint PRIMARY KEY,
    total bigint NOT NULL
);
REVOKE ALL ON credits_check_point, credits_check_total FROM pairly_app;
GRANT SELECT ON credits_check_point, credits_check_total TO pairly_app;

-- Rows from before have none and count as checked. The defaults come after the columns: no table is written anew.
ALTER TABLE credits_op ADD xid xid8;
ALTER TABLE credits_op ALTER xid SET DEFAULT pg_current_xact_id();
ALTER TABLE credits_lot_use ADD xid xid8;
ALTER TABLE credits_lot_use ALTER xid SET DEFAULT pg_current_xact_id();

-- credits_find_check_point: the last one, none where it is another cluster's.
CREATE FUNCTION credits_find_check_point() RETURNS TABLE (xid xid8, at timestamptz, full_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT c.xid, c.at, c.full_at FROM credits_check_point c, pg_control_system() s
     WHERE c.system_identifier = s.system_identifier
$$;

-- credits_set_check_point: for a check that found no difference, in its REPEATABLE READ transaction. Its balances are right,
-- and so are the totals, which are the balances without what the next check will read.
CREATE FUNCTION credits_set_check_point(p_is_full boolean) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE v_xid xid8 := pg_snapshot_xmin(pg_current_snapshot()); v_base bigint;
BEGIN
    SELECT base_id INTO v_base FROM credits_roll_up_state;
    INSERT INTO credits_check_point AS c (system_identifier, xid, at, full_at)
    SELECT s.system_identifier, v_xid, now(), now() FROM pg_control_system() s
    ON CONFLICT (one) DO UPDATE SET system_identifier = excluded.system_identifier, xid = excluded.xid, at = excluded.at,
        full_at = CASE WHEN p_is_full THEN excluded.at ELSE c.full_at END;
    INSERT INTO credits_check_total AS c (account, total)
    SELECT a.id, a.balance + COALESCE(p.delta, 0) - COALESCE(later.delta, 0)
      FROM credits_account a LEFT JOIN credits_pending() p ON p.account = a.id
      LEFT JOIN (SELECT m.account, sum(m.delta)::bigint AS delta FROM (
            SELECT t.debit AS account, -t.amount AS delta FROM credits_transfer t WHERE t.xid >= v_xid AND t.id > v_base
            UNION ALL
            SELECT t.credit, t.amount FROM credits_transfer t WHERE t.xid >= v_xid AND t.id > v_base) m GROUP BY 1) later
        ON later.account = a.id
     WHERE a.lazy
    ON CONFLICT (account) DO UPDATE SET total = excluded.total;
END $$;

-- credits_forget_check_point: after a check that found a difference the next ones read everything, until none does.
CREATE FUNCTION credits_forget_check_point() RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    DELETE FROM credits_check_point
$$;
REVOKE EXECUTE ON FUNCTION credits_find_check_point(), credits_set_check_point(boolean), credits_forget_check_point() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION credits_find_check_point(), credits_set_check_point(boolean), credits_forget_check_point() TO pairly_app;
