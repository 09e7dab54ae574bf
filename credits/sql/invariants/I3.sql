-- escrow = holds that are open, answered or frozen, none overdue by 5 min
SELECT 'escrow', e.delta - o.total
  FROM (SELECT COALESCE(sum(CASE WHEN t.credit = a.id THEN t.amount ELSE -t.amount END), 0) AS delta
          FROM credits_account a JOIN credits_transfer t ON t.credit = a.id OR t.debit = a.id WHERE a.kind = 'escrow') e,
       (SELECT COALESCE(sum(paid + promo), 0) AS total FROM credits_hold WHERE state IN ('open', 'answered', 'frozen')) o
 WHERE e.delta <> o.total
UNION ALL
SELECT 'overdue ' || state, count(*) FROM credits_hold
 WHERE state IN ('open', 'answered', 'frozen')
   AND CASE state WHEN 'open' THEN expires_at ELSE held_until END < %(at)s::timestamptz - interval '5 minutes'
 GROUP BY state
