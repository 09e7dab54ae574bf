-- no new movement leaves its unit, so that what summed to zero still does
SELECT t.id, d.unit, c.unit
  FROM credits_roll_up_state s, credits_transfer t
  LEFT JOIN credits_account d ON d.id = t.debit LEFT JOIN credits_account c ON c.id = t.credit
 WHERE t.xid >= %(xid)s::xid8 AND t.id > s.base_id AND (d.unit = c.unit) IS NOT TRUE
