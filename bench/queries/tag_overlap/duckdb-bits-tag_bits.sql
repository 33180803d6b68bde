-- a string of bits for each tag
SELECT a.tag AS a, b.tag AS b, bit_count(a.members & b.members) AS customers
FROM tag_bits.tags AS a JOIN tag_bits.tags AS b ON a.tag < b.tag WHERE a.value = '' AND b.value = '' ORDER BY a, b
