-- unspent share of what was paid <= liability, per currency
WITH moved AS (
    SELECT account, sum(delta) AS delta
FROM (
        SELECT debit AS account, -amount AS delta
FROM credits_transfer
       
UNION ALL SELECT credit, amount
FROM credits_transfer) both_sides
GROUP BY account)
SELECT l.currency, floor(sum(l.price_minor::numeric * l.remaining / l.amount)), max(m.delta)
FROM credits_lot l
LEFT
JOIN credits_account a ON a.kind = 'credits_liability' AND a.unit = l.currency
LEFT
JOIN moved m ON m.account = a.id
WHERE l.currency IS NOT NULL
GROUP BY l.currency
HAVING floor(sum(l.price_minor::numeric * l.remaining / l.amount)) > COALESCE(max(m.delta), 0)
