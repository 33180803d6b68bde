-- stored bitmaps
WITH (SELECT members FROM tag_sets WHERE tag = 'app_user' AND value = '') AS a,
  (SELECT groupBitmapMergeState(members) FROM tag_sets WHERE tag IN ('tag_020', 'student') AND value = '') AS b,
  (SELECT members FROM tag_sets WHERE tag = 'birthday_known' AND value = '') AS d
SELECT bitmapAndnotCardinality(bitmapAnd(a, b), d) AS customers;
