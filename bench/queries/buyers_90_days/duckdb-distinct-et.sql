SELECT count(DISTINCT cid) FROM et.events WHERE event = 'pay' AND ts >= '2022-10-03'
