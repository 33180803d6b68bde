SELECT count() FROM (
  SELECT cid FROM ect_month WHERE event IN ('add_to_cart', 'pay') AND ts >= '2022-12-02'
  GROUP BY cid HAVING NOT max(event = 'pay'))
