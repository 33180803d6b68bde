-- tags as bits of a mask: app_user 0, birthday_known 2, student 8, tag_020 14
SELECT count() FROM people
WHERE bitAnd(mask, 1) <> 0 AND bitAnd(mask, 16640) <> 0 AND bitAnd(mask, 4) = 0
