-- credits_settled(payee, since): what became of money that was held for this person's answers since then, in rows
-- that upper apps may count. Only what was paid for with money, in part at least: free credits say nothing about how
-- somebody answers. One SELECT, so that it becomes part of the query that asks. A function and no view: a view of one
-- table can be written through, and the default privileges would let the application do so.
CREATE FUNCTION credits_settled(p_payee bigint, p_since timestamptz)
RETURNS TABLE (actor bigint, created_at timestamptz, is_answered boolean, took_s bigint)
LANGUAGE sql STABLE AS $$
    SELECT h.actor, h.created_at, h.state = 'posted', extract(epoch FROM h.settled_at - h.created_at)::bigint
      FROM credits_hold h
     WHERE h.payee = p_payee AND h.created_at >= p_since AND h.state <> 'open' AND h.paid > 0
$$;
