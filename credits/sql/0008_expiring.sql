-- credits_tell_expiring: which open holds are about to go back to who paid, each given once. The moment is when a quarter
-- of the window is left, or 6 hours if that is less. `told_at` is written in the statement that gives the hold: what is
-- then told of is told at most once, also by two jobs at once and after a crash.
ALTER TABLE credits_hold ADD COLUMN told_at timestamptz;

CREATE FUNCTION credits_tell_expiring(p_at timestamptz, p_limit int)
RETURNS TABLE (hold_id bigint, actor bigint, payee bigint, scope bigint, "position" bigint, amount bigint, expires_at timestamptz)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    UPDATE credits_hold h SET told_at = p_at
      FROM (SELECT id FROM credits_hold
             WHERE state = 'open' AND told_at IS NULL AND expires_at > p_at AND expires_at <= p_at + interval '6 hours'
               AND expires_at - p_at <= (expires_at - created_at) / 4
             ORDER BY expires_at LIMIT p_limit FOR NO KEY UPDATE SKIP LOCKED) AS due
     WHERE h.id = due.id
    RETURNING h.id, h.actor, h.payee, h.scope, h."position", h.paid + h.promo, h.expires_at;
$$;
