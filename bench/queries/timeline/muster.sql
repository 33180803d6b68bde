-- One customer's timeline
-- All events of customer c00001234: time, name, channel, sku, amount; by time, name and sku.
SELECT ts, event, channel, sku, amount FROM events WHERE customer = 'c00001234' ORDER BY ts, event, sku
