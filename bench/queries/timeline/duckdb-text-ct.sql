SELECT ts, CAST(event AS VARCHAR) AS event, CAST(channel AS VARCHAR) AS channel, CAST(sku AS VARCHAR) AS sku, amount
FROM ct.events WHERE customer = 'c00001234'
ORDER BY ts, 2, 4;
