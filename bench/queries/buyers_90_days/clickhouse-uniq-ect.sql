SELECT uniqExact(cid) FROM ect WHERE event = 'pay' AND ts >= '2022-10-03'
