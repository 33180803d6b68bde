-- one row per customer: cid, the 60 tags as bits of a mask (bit = place of the tag's name in byte order), tier 0..3, birth_month
ATTACH '{db}/ct.duckdb' AS ct (READ_ONLY);
ATTACH '{db}/tags.duckdb' AS tags (READ_ONLY);
ATTACH '{db}/people.duckdb' AS people;
CREATE TABLE people.tag_names AS
SELECT CAST(unnest(range(60)) AS TINYINT) AS bit, unnest([
    'app_user', 'birth_month', 'birthday_known', 'employee', 'newsletter', 'parent', 'press', 'price_hunter',
    'student', 'tag_015', 'tag_016', 'tag_017', 'tag_018', 'tag_019', 'tag_020', 'tag_021', 'tag_022', 'tag_023',
    'tag_024', 'tag_025', 'tag_026', 'tag_027', 'tag_028', 'tag_029', 'tag_030', 'tag_031', 'tag_032', 'tag_033',
    'tag_034', 'tag_035', 'tag_036', 'tag_037', 'tag_038', 'tag_039', 'tag_040', 'tag_041', 'tag_042', 'tag_043',
    'tag_044', 'tag_045', 'tag_046', 'tag_047', 'tag_048', 'tag_049', 'tag_050', 'tag_051', 'tag_052', 'tag_053',
    'tag_054', 'tag_055', 'tag_056', 'tag_057', 'tag_058', 'tag_059', 'tag_060', 'tier', 'vip_event', 'wechat_fan',
    '会员等级', '黑名单']) AS tag;
CREATE TABLE people.customers AS
WITH borne AS (
  SELECT cid,
    bit_or(1::UBIGINT << bit::UBIGINT) AS mask,
    CAST(coalesce(max(CASE WHEN t.tag = 'tier' THEN list_position(['silver', 'gold', 'platinum'], value) END), 0) AS TINYINT) AS tier,
    CAST(max(CASE WHEN t.tag = 'birth_month' THEN CAST(value AS TINYINT) END) AS TINYINT) AS birth_month
  FROM tags.tags AS t JOIN people.tag_names AS n ON n.tag = CAST(t.tag AS VARCHAR)
  GROUP BY cid
), seen AS (SELECT DISTINCT cid FROM ct.events)
SELECT cid, coalesce(mask, 0::UBIGINT) AS mask, coalesce(tier, 0::TINYINT) AS tier, birth_month
FROM borne FULL JOIN seen USING (cid)
ORDER BY cid;
CHECKPOINT people;
