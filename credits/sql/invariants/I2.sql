-- balance = sum of transfers
WITH moved AS (
    SELECT account, sum(delta) AS delta
      FROM (SELECT debit AS account, -amount AS delta FROM credits_transfer
            UNION ALL SELECT credit, amount FROM credits_transfer) both_sides
     GROUP BY account),
-- A lazy account's transfers that no roll-up has folded in yet.
pending AS (
    SELECT account, sum(delta) AS delta
      FROM (SELECT t.debit AS account, -t.amount AS delta
              FROM credits_transfer t JOIN credits_account a ON a.id = t.debit, credits_roll_up_state s
             WHERE a.lazy AND t.xid >= a.rolled_xid AND t.id > s.base_id
            UNION ALL
            SELECT t.credit, t.amount
              FROM credits_transfer t JOIN credits_account a ON a.id = t.credit, credits_roll_up_state s
             WHERE a.lazy AND t.xid >= a.rolled_xid AND t.id > s.base_id) rows
     GROUP BY account)
SELECT a.id, a.kind::text, a.balance + COALESCE(p.delta, 0) - COALESCE(m.delta, 0)
  FROM credits_account a LEFT JOIN moved m ON m.account = a.id LEFT JOIN pending p ON p.account = a.id
 WHERE a.balance + COALESCE(p.delta, 0) <> COALESCE(m.delta, 0)
UNION ALL
-- The references of transfers are declared and not enforced: one that leads nowhere shows here.
SELECT m.account, 'no account', -m.delta FROM moved m WHERE NOT EXISTS (SELECT 1 FROM credits_account a WHERE a.id = m.account)
