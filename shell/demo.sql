-- The shop: what happened in two years, most of all.
SELECT event, count(*) AS events, count(DISTINCT customer) AS customers
FROM events GROUP BY ALL ORDER BY events DESC LIMIT 8;

-- An audience: members of the better tiers who bought twice or more in the last half year and
-- never gave anything back. A tag and two behaviours make one set of customers.
SELECT count(*) AS audience FROM customers
WHERE has_tag('会员等级', '金卡', '铂金')
  AND did(event = 'pay', at_least => 2, since => '2022-07-01', until => '2023-01-01')
  AND NOT did(event = 'refund');

-- Where do people drop out, between looking and paying, in a quarter?
FROM funnel(events,
  steps => [step(event = 'view', 'looks'), step(event = 'add_to_cart', 'puts into cart'),
            step(event = 'pay', 'pays')],
  within => INTERVAL '7 days', since => '2022-10-01', until => '2023-01-01');

-- Who buys again? Each month's first buyers, and how many of them buy in the months after.
SELECT cohort, period, cohort_size, customers, rate, complete
FROM retention(events, start => event = 'pay', back => event = 'pay', unit => 'month', periods => 6)
WHERE cohort BETWEEN '2022-01-01' AND '2022-03-01' ORDER BY cohort, period;

-- The people behind a number are one query away: who put something into the cart and did not pay.
SELECT customer FROM funnel_customers(events,
  steps => [step(event = 'view'), step(event = 'add_to_cart'), step(event = 'pay')],
  within => INTERVAL '7 days', since => '2022-12-01', until => '2023-01-01')
WHERE depth = 2 ORDER BY customer LIMIT 5;
