-- no operation without transfers
SELECT o.kind, o.id FROM credits_op o
 WHERE o.xid >= %(xid)s::xid8 AND NOT EXISTS (SELECT 1 FROM credits_transfer t WHERE t.op = o.id)
