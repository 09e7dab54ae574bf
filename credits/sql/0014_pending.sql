-- credits_pending: what transfers that no roll-up has folded in add to each lazy account, in the reader's snapshot.
CREATE FUNCTION credits_pending() RETURNS TABLE (account bigint, delta bigint) LANGUAGE sql STABLE AS $$
    SELECT m.account, sum(m.delta)::bigint FROM (
        SELECT t.debit AS account, -t.amount AS delta, t.xid FROM credits_transfer t, credits_roll_up_state s
         WHERE t.xid >= (SELECT min(rolled_xid) FROM credits_account WHERE lazy) AND t.id > s.base_id
        UNION ALL
        SELECT t.credit, t.amount, t.xid FROM credits_transfer t, credits_roll_up_state s
         WHERE t.xid >= (SELECT min(rolled_xid) FROM credits_account WHERE lazy) AND t.id > s.base_id) m
      JOIN credits_account a ON a.id = m.account AND a.lazy AND m.xid >= a.rolled_xid
     GROUP BY m.account
$$;
