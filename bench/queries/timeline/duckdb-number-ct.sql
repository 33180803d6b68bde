-- by the number of the customer
SELECT ts, event::VARCHAR AS event, channel::VARCHAR AS channel, sku::VARCHAR AS sku, amount
FROM ct.events WHERE cid = 1234 ORDER BY ts, 2, 4
