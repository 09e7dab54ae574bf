-- each new movement leads on from the balance before it, and the balance is that of the last one
WITH fresh AS MATERIALIZED (
    SELECT t.id, t.debit, t.credit, t.amount FROM credits_roll_up_state s, credits_transfer t
     WHERE t.xid >= %(xid)s::xid8 AND t.id > s.base_id),
touched AS (
    SELECT account, min(id) AS first, sum(delta)::bigint AS delta
      FROM (SELECT debit AS account, id, -amount AS delta FROM fresh
            UNION ALL SELECT credit, id, amount FROM fresh) both_sides
     GROUP BY account),
-- All of an account's movements from its first new one on, in the order of its balance.
line AS (
    SELECT a.id AS account, a.kind, a.balance, m.id, m.after,
           COALESCE(lag(m.after) OVER one, b.balance) + m.delta AS expected,
           lead(m.id) OVER one IS NULL AS is_last
      FROM touched t JOIN credits_account a ON a.id = t.account AND NOT a.lazy,
           LATERAL credits_balances_before(ARRAY[a.id], t.first) b,
           LATERAL (SELECT d.id, -d.amount AS delta, d.debit_after AS after FROM credits_transfer d
                     WHERE (d.debit, d.id) >= (a.id, t.first) AND d.debit <= a.id
                    UNION ALL
                    SELECT c.id, c.amount, c.credit_after FROM credits_transfer c
                     WHERE (c.credit, c.id) >= (a.id, t.first) AND c.credit <= a.id) m
    WINDOW one AS (PARTITION BY a.id ORDER BY m.id))
SELECT account, kind::text, after - expected FROM line WHERE after IS DISTINCT FROM expected
UNION ALL
SELECT account, kind::text, balance - after FROM line WHERE is_last AND balance <> after
UNION ALL
-- A lazy account: what it held at the last check, and what moved since.
SELECT a.id, a.kind::text, a.balance + COALESCE(p.delta, 0) - COALESCE(c.total, 0) - COALESCE(t.delta, 0)
  FROM credits_account a LEFT JOIN credits_check_total c ON c.account = a.id
  LEFT JOIN credits_pending() p ON p.account = a.id LEFT JOIN touched t ON t.account = a.id
 WHERE a.lazy AND a.balance + COALESCE(p.delta, 0) <> COALESCE(c.total, 0) + COALESCE(t.delta, 0)
UNION ALL
SELECT t.account, 'no account', -t.delta FROM touched t
 WHERE NOT EXISTS (SELECT 1 FROM credits_account a WHERE a.id = t.account)
