-- clearing accounts return to zero within 5 days
-- What an account has is what its newest movements of that side brought: those of the last 5 days must cover it.
WITH has AS MATERIALIZED (
    SELECT a.id, a.kind, a.unit, a.balance + COALESCE(p.delta, 0) AS balance
      FROM credits_account a LEFT JOIN credits_pending() p ON p.account = a.id
     WHERE a.kind IN ('psp_clearing', 'payouts_payable') AND a.balance + COALESCE(p.delta, 0) <> 0),
since AS MATERIALIZED (
    SELECT h.*, COALESCE(credits_first_line(ARRAY[h.id], %(at)s::timestamptz - interval '5 days'), 9223372036854775807) AS first
      FROM has h)
SELECT s.kind::text, s.unit::text, abs(s.balance) - COALESCE(m.total, 0)
  FROM since s, LATERAL (
        SELECT sum(n.amount) AS total FROM (
            SELECT d.amount FROM credits_transfer d
             WHERE s.balance < 0 AND (d.debit, d.id) >= (s.id, s.first) AND d.debit <= s.id
            UNION ALL
            SELECT c.amount FROM credits_transfer c
             WHERE s.balance > 0 AND (c.credit, c.id) >= (s.id, s.first) AND c.credit <= s.id) n) m
 WHERE abs(s.balance) > COALESCE(m.total, 0)
