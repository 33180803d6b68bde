-- a stored bitmap for each tag
WITH
  (SELECT members FROM tag_sets WHERE tag = 'app_user' AND value = '') AS a,
  (SELECT members FROM tag_sets WHERE tag = 'tag_020' AND value = '') AS b,
  (SELECT members FROM tag_sets WHERE tag = 'student' AND value = '') AS c,
  (SELECT members FROM tag_sets WHERE tag = 'birthday_known' AND value = '') AS d
SELECT bitmapAndnotCardinality(bitmapAnd(a, bitmapOr(b, c)), d)
