-- Tags: a AND (b OR c) AND NOT d
-- Customers with the tag app_user (45 % have it) and tag_020 or student, and not birthday_known; one number.
SELECT count(*) FROM customers
WHERE has_tag('app_user') AND (has_tag('tag_020') OR has_tag('student')) AND NOT has_tag('birthday_known')
