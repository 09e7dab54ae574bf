-- escrow = open holds, none overdue by 5 minutes
WITH moved AS (
    SELECT account, sum(delta) AS delta
FROM (
        SELECT debit AS account, -amount AS delta
FROM credits_transfer
       
UNION ALL SELECT credit, amount
FROM credits_transfer) both_sides
GROUP BY account)
SELECT 'escrow', e.delta - o.total
FROM (SELECT COALESCE(sum(m.delta), 0) AS delta
FROM credits_account a
JOIN moved m ON m.account = a.id
WHERE a.kind = 'escrow') e, (SELECT COALESCE(sum(paid + promo), 0) AS total
FROM credits_hold
WHERE state = 'open') o
WHERE e.delta <> o.total
UNION ALL SELECT 'overdue', count(*)
FROM credits_hold
WHERE state = 'open' AND expires_at < now() - interval '5 minutes'
HAVING count(*) > 0
