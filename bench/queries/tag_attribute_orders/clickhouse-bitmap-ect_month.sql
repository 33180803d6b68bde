-- the people first, as a bitmap
WITH (SELECT bitmapAnd((SELECT groupBitmapMergeState(members) FROM tag_sets WHERE tag = 'tier' AND value IN ('gold', 'platinum')),
                       (SELECT members FROM tag_sets WHERE tag = 'app_user' AND value = ''))) AS wanted
SELECT count() FROM (
  SELECT cid FROM ect_month WHERE event = 'pay' AND ts >= '2022-07-05' AND bitmapContains(wanted, cid)
  GROUP BY cid HAVING count() >= 2 AND sum(amount) >= 500)
