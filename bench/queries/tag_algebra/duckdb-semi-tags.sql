SELECT count(*) FROM tags.tags
WHERE tag = 'app_user' AND cid IN (SELECT cid FROM tags.tags WHERE tag IN ('tag_020', 'student'))
  AND cid NOT IN (SELECT cid FROM tags.tags WHERE tag = 'birthday_known')
