-- stored bitmaps, one scan
SELECT bitmapAndnotCardinality(
  bitmapAnd(groupBitmapMergeStateIf(members, tag = 'app_user'), groupBitmapMergeStateIf(members, tag IN ('tag_020', 'student'))),
  groupBitmapMergeStateIf(members, tag = 'birthday_known')) AS customers
FROM tag_sets WHERE tag IN ('app_user', 'tag_020', 'student', 'birthday_known') AND value = '';
