-- Tag, attribute, two orders and a sum in 180 days
-- Customers with the tag app_user, of tier gold or platinum, with two or more pays since 2022-07-05 whose amounts add
-- up to 500 or more; one number. (muster keeps the attribute as a tag with values.)
SELECT count(*) FROM customers
WHERE has_tag('app_user') AND has_tag('tier', 'gold', 'platinum')
  AND customer IN (SELECT customer FROM events WHERE event = 'pay' AND ts >= '2022-07-05'
                   GROUP BY customer HAVING count(*) >= 2 AND sum(amount) >= 500)
