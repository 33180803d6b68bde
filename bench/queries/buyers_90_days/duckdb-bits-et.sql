-- a bit per customer, set and counted
SELECT bit_count(bitstring_agg(cid)) AS buyers FROM et.events WHERE event = 'pay' AND ts >= '2022-10-03';
