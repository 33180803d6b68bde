SELECT count(*) FROM (
  SELECT cid FROM et.events WHERE event IN ('add_to_cart', 'pay') AND ts >= '2022-12-02'
  GROUP BY cid HAVING NOT bool_or(event = 'pay'))
