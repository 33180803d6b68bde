-- Last touch before each purchase
-- For every pay the channel of the customer's latest touch (ad_click, message_open, store_visit) in the 7 days before,
-- the same second included, the far end not; none where there was none; of touches in one second the smallest channel.
-- Number of pays and sum of amounts by channel.
SELECT coalesce(channel, 'none') AS channel, conversions, value AS revenue
FROM attribution(events, convert => event = 'pay', touch => event IN ('ad_click', 'message_open', 'store_visit'),
  channel => channel, value => amount, lookback => INTERVAL '7 days', models => ['last'])
ORDER BY channel
