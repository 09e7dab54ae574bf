-- each lot: uses + remaining = amount
-- The lots that are new or were used.
WITH touched AS (
    SELECT u.lot FROM credits_lot_use u WHERE u.xid >= %(xid)s::xid8
    UNION SELECT l.id FROM credits_op o JOIN credits_lot l ON l.op = o.id WHERE o.xid >= %(xid)s::xid8)
SELECT l.id, l.amount - l.remaining - used.total
  FROM touched t JOIN credits_lot l ON l.id = t.lot,
       LATERAL (SELECT COALESCE(sum(u.amount), 0) AS total FROM credits_lot_use u WHERE u.lot = l.id) used
 WHERE l.amount - l.remaining <> used.total
