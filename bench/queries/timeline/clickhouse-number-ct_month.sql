-- by the number of the customer; what is not there is an empty text or 0
SELECT ts, event, channel, nullIf(sku, '') AS sku, nullIf(amount, 0) AS amount
FROM ct_month WHERE cid = 1234 ORDER BY ts, toString(event), sku
