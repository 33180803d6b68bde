-- a string of bits for each tag
SELECT bit_count(a.members & (b.members | c.members) & ~d.members)
FROM tag_bits.tags AS a, tag_bits.tags AS b, tag_bits.tags AS c, tag_bits.tags AS d
WHERE a.tag = 'app_user' AND b.tag = 'tag_020' AND c.tag = 'student' AND d.tag = 'birthday_known'
