-- Funnel of 3 steps over a quarter, by channel
-- The funnel of view, add_to_cart, pay within 7 days of a view in the last quarter of 2022, for each channel: that of
-- step 1 of the chain that is deepest; then the first to finish; then the latest to start; of views in one second the
-- smallest channel. Rows without customers are left out.
SELECT channel, step, customers FROM funnel(events,
  steps => [step(event = 'view'), step(event = 'add_to_cart'), step(event = 'pay')],
  within => INTERVAL '7 days', since => '2022-10-01', until => '2023-01-01', by => channel)
WHERE customers > 0 ORDER BY channel, step
