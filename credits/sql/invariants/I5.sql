-- clearing accounts return to zero within 5 days
WITH moved AS (
    SELECT account, sum(delta) AS delta
FROM (
        SELECT debit AS account, -amount AS delta
FROM credits_transfer
       
UNION ALL SELECT credit, amount
FROM credits_transfer) both_sides
GROUP BY account)
SELECT a.kind, a.unit, m.delta
FROM credits_account a
JOIN moved m ON m.account = a.id
WHERE a.kind = 'payouts_payable' AND m.delta <> 0 AND NOT EXISTS (SELECT 1
FROM credits_transfer t
WHERE (t.debit = a.id OR t.credit = a.id) AND t.created_at > now() - interval '5 days')
