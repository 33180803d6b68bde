-- by the text of the id
SELECT ts, event, channel, sku, amount FROM ct_text.events WHERE customer = 'c00001234' ORDER BY ts, event, sku
