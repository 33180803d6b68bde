SELECT count(DISTINCT cid) FROM ect.events WHERE event = 'pay' AND ts >= '2022-10-03'
