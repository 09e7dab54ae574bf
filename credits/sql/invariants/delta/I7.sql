-- unspent share of what was paid <= liability, per currency
-- Lots that are spent are not read; I2 stands for the balance.
SELECT l.currency, floor(sum(l.price_minor::numeric * l.remaining / l.amount)), max(m.balance)
  FROM credits_lot l LEFT JOIN (
        SELECT a.unit, a.balance + COALESCE(p.delta, 0) AS balance
          FROM credits_account a LEFT JOIN credits_pending() p ON p.account = a.id WHERE a.kind = 'credits_liability') m
    ON m.unit = l.currency
 WHERE l.currency IS NOT NULL AND l.remaining > 0
 GROUP BY l.currency
HAVING floor(sum(l.price_minor::numeric * l.remaining / l.amount)) > COALESCE(max(m.balance), 0)
