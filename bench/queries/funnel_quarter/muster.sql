-- Funnel of 3 steps over a quarter
-- How many customers came to each step of view, add_to_cart, pay within 7 days of a view in the last quarter of 2022.
SELECT step, customers FROM funnel(events,
  steps => [step(event = 'view'), step(event = 'add_to_cart'), step(event = 'pay')],
  within => INTERVAL '7 days', since => '2022-10-01', until => '2023-01-01')
ORDER BY step
