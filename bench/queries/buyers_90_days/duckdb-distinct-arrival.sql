SELECT count(DISTINCT cid) FROM arrival.events WHERE event = 'pay' AND ts >= '2022-10-03'
