-- balance = sum of transfers
WITH moved AS (
    SELECT account, sum(delta) AS delta
FROM (
        SELECT debit AS account, -amount AS delta
FROM credits_transfer
       
UNION ALL SELECT credit, amount
FROM credits_transfer) both_sides
GROUP BY account)

, pending AS (SELECT account, sum(delta) AS delta
FROM (SELECT t.debit AS account, -t.amount AS delta
FROM credits_transfer t
JOIN credits_account a ON a.id = t.debit, credits_roll_up_state s
WHERE a.lazy AND t.xid >= a.rolled_xid AND t.id > s.base_id
UNION ALL SELECT t.credit, t.amount
FROM credits_transfer t
JOIN credits_account a ON a.id = t.credit, credits_roll_up_state s
WHERE a.lazy AND t.xid >= a.rolled_xid AND t.id > s.base_id) rows
GROUP BY account) SELECT a.id, a.kind, a.balance + COALESCE(p.delta, 0) - COALESCE(m.delta, 0)
FROM credits_account a
LEFT
JOIN moved m ON m.account = a.id
LEFT
JOIN pending p ON p.account = a.id
WHERE a.balance + COALESCE(p.delta, 0) <> COALESCE(m.delta, 0)
