-- balances of each unit sum to zero
WITH moved AS (
    SELECT account, sum(delta) AS delta
FROM (
        SELECT debit AS account, -amount AS delta
FROM credits_transfer
       
UNION ALL SELECT credit, amount
FROM credits_transfer) both_sides
GROUP BY account)
SELECT a.unit, sum(CASE WHEN a.lazy THEN COALESCE(m.delta, 0) ELSE a.balance END)
FROM credits_account a
LEFT
JOIN moved m ON m.account = a.id
GROUP BY a.unit
HAVING sum(CASE WHEN a.lazy THEN COALESCE(m.delta, 0) ELSE a.balance END) <> 0
