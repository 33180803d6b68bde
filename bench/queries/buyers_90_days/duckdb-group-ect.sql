SELECT count(*) FROM (SELECT cid FROM ect.events WHERE event = 'pay' AND ts >= '2022-10-03' GROUP BY cid)
