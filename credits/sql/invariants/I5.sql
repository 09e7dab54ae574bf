-- clearing accounts return to zero within 5 days
-- First in, first out: what an account has is what its newest movements of that side brought. More than those of the last
-- 5 days means that an older one is not covered: how much, and since when.
WITH side AS (
    SELECT t.debit AS account, -t.amount AS amount, t.id, t.created_at FROM credits_transfer t
    UNION ALL SELECT t.credit, t.amount, t.id, t.created_at FROM credits_transfer t),
has AS (
    SELECT a.id, a.kind, a.unit, sum(s.amount) AS balance
      FROM credits_account a JOIN side s ON s.account = a.id
     WHERE a.kind IN ('psp_clearing', 'payouts_payable') GROUP BY a.id HAVING sum(s.amount) <> 0),
newest AS (
    SELECT h.id, h.kind, h.unit, h.balance, s.created_at, abs(s.amount) AS amount,
           sum(abs(s.amount)) OVER (PARTITION BY h.id ORDER BY s.created_at DESC, s.id DESC) AS upto
      FROM has h JOIN side s ON s.account = h.id AND sign(s.amount) = sign(h.balance))
SELECT n.kind::text, n.unit::text, sum(least(n.amount, abs(n.balance) - n.upto + n.amount)), min(n.created_at)
  FROM newest n
 WHERE n.upto - n.amount < abs(n.balance) AND n.created_at < %(at)s::timestamptz - interval '5 days'
 GROUP BY n.kind, n.unit
