SELECT bitmapAndnotCardinality(groupBitmapStateIf(cid, event = 'add_to_cart'), groupBitmapStateIf(cid, event = 'pay'))
FROM ect_month WHERE event IN ('add_to_cart', 'pay') AND ts >= '2022-12-02'
