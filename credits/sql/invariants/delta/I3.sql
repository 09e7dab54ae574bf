-- escrow = holds that are open, answered or frozen, none overdue by 5 min
-- Both are what is there now: I2 stands for the balance, and settled holds are in no index that is read here.
SELECT 'escrow', e.balance - o.total
  FROM (SELECT a.balance + COALESCE(p.delta, 0) AS balance
          FROM credits_account a LEFT JOIN credits_pending() p ON p.account = a.id WHERE a.kind = 'escrow') e,
       (SELECT COALESCE((SELECT sum(paid + promo) FROM credits_hold WHERE state = 'open'), 0)
               + COALESCE((SELECT sum(paid + promo) FROM credits_hold WHERE state IN ('answered', 'frozen')), 0) AS total) o
 WHERE e.balance <> o.total
UNION ALL
SELECT 'overdue open', count(*) FROM credits_hold
 WHERE state = 'open' AND expires_at < %(at)s::timestamptz - interval '5 minutes' HAVING count(*) > 0
UNION ALL
SELECT 'overdue ' || state, count(*) FROM credits_hold
 WHERE state IN ('answered', 'frozen') AND held_until < %(at)s::timestamptz - interval '5 minutes' GROUP BY state
