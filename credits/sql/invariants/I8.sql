-- each lot: uses + remaining = amount
SELECT l.id, l.amount - l.remaining - COALESCE((SELECT sum(u.amount)
FROM credits_lot_use u
WHERE u.lot = l.id), 0)
FROM credits_lot l
WHERE l.amount - l.remaining <> COALESCE((SELECT sum(u.amount)
FROM credits_lot_use u
WHERE u.lot = l.id), 0)
