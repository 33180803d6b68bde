-- the bitmap of the people in question filters the pays
WITH (
  SELECT bitmapAnd(groupBitmapMergeStateIf(members, tag = 'app_user'), groupBitmapMergeStateIf(members, tag = 'tier'))
  FROM tag_sets WHERE (tag = 'app_user' AND value = '') OR (tag = 'tier' AND value IN ('gold', 'platinum'))
) AS people
SELECT count() AS customers
FROM (
  SELECT cid FROM ect_month WHERE event = 'pay' AND ts >= '2022-07-05 00:00:00' AND bitmapContains(people, cid)
  GROUP BY cid HAVING count() >= 2 AND sum(amount) >= 500
);
