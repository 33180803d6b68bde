-- one row per customer: cid, the 60 tags as bits of a mask (bit = place of the tag's name in byte order), tier 0..3, birth_month
CREATE TABLE people (
  cid UInt32,
  mask UInt64,
  tier UInt8,
  birth_month UInt8
) ENGINE = MergeTree ORDER BY cid;
INSERT INTO people
WITH [
    'app_user', 'birth_month', 'birthday_known', 'employee', 'newsletter', 'parent', 'press', 'price_hunter',
    'student', 'tag_015', 'tag_016', 'tag_017', 'tag_018', 'tag_019', 'tag_020', 'tag_021', 'tag_022', 'tag_023',
    'tag_024', 'tag_025', 'tag_026', 'tag_027', 'tag_028', 'tag_029', 'tag_030', 'tag_031', 'tag_032', 'tag_033',
    'tag_034', 'tag_035', 'tag_036', 'tag_037', 'tag_038', 'tag_039', 'tag_040', 'tag_041', 'tag_042', 'tag_043',
    'tag_044', 'tag_045', 'tag_046', 'tag_047', 'tag_048', 'tag_049', 'tag_050', 'tag_051', 'tag_052', 'tag_053',
    'tag_054', 'tag_055', 'tag_056', 'tag_057', 'tag_058', 'tag_059', 'tag_060', 'tier', 'vip_event', 'wechat_fan',
    '会员等级', '黑名单'] AS names
SELECT cid, groupBitOr(m), max(t), max(b)
FROM (
  SELECT cid, toUInt64(bitShiftLeft(toUInt64(1), indexOf(names, toString(tag)) - 1)) AS m,
    if(tag = 'tier', toUInt8(indexOf(['silver', 'gold', 'platinum'], toString(value))), 0) AS t,
    if(tag = 'birth_month', toUInt8OrZero(toString(value)), 0) AS b
  FROM tags
  UNION ALL
  SELECT DISTINCT cid, toUInt64(0), 0, 0 FROM ct
)
GROUP BY cid;
OPTIMIZE TABLE people FINAL;
