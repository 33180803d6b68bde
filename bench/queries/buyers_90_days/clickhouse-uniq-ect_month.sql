SELECT uniqExact(cid) FROM ect_month WHERE event = 'pay' AND ts >= '2022-10-03'
