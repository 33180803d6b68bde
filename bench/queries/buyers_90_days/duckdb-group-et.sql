SELECT count(*) AS buyers
FROM (SELECT cid FROM et.events WHERE event = 'pay' AND ts >= '2022-10-03' GROUP BY cid);
