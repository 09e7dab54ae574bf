-- Open holds of a payee as the inbox reads them. All three become part of the query that asks.

-- credits_due_first(payee): of each scope the hold with the nearest deadline. In the order of (expires_at, id) they
-- stream from credits_hold_payee_due, so the first page costs the same however many there are.
CREATE FUNCTION credits_due_first(p_payee bigint) RETURNS TABLE (scope bigint, expires_at timestamptz, id bigint)
LANGUAGE sql STABLE AS $$
    SELECT h.scope, h.expires_at, h.id FROM credits_hold h
     WHERE h.payee = p_payee AND h.state = 'open'
       AND h.id = (SELECT e.id FROM credits_hold e WHERE e.scope = h.scope AND e.state = 'open' AND e.payee = p_payee
                    ORDER BY e.expires_at, e.id LIMIT 1)
$$;

-- credits_due_sums(payee): what is held in each scope.
CREATE FUNCTION credits_due_sums(p_payee bigint) RETURNS TABLE (scope bigint, centi bigint)
LANGUAGE sql STABLE AS $$
    SELECT h.scope, sum(h.paid + h.promo)::bigint FROM credits_hold h
     WHERE h.payee = p_payee AND h.state = 'open' GROUP BY h.scope
$$;

-- credits_is_due(scope, payee): whether anything is held for the payee there.
CREATE FUNCTION credits_is_due(p_scope bigint, p_payee bigint) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM credits_hold h WHERE h.scope = p_scope AND h.payee = p_payee AND h.state = 'open')
$$;
