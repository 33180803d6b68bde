-- tags as bits of a mask: app_user 0, birthday_known 2, student 8, tag_020 14
SELECT count(*) FROM people.customers
WHERE (mask & (1::UBIGINT << 0)) <> 0 AND (mask & ((1::UBIGINT << 14) | (1::UBIGINT << 8))) <> 0
  AND (mask & (1::UBIGINT << 2)) = 0
