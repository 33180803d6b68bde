-- Funnel of 6 steps over 24 months
-- How many customers came to each step of page_view, search, view, add_to_cart, pay, refund within 30 days of the first.
SELECT step, customers FROM funnel(events,
  steps => [step(event = 'page_view'), step(event = 'search'), step(event = 'view'), step(event = 'add_to_cart'),
            step(event = 'pay'), step(event = 'refund')],
  within => INTERVAL '30 days')
ORDER BY step
