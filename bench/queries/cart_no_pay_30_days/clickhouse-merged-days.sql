-- bitmaps that are kept for each event and day
WITH
  (SELECT groupBitmapMergeState(members) FROM event_days WHERE event = 'add_to_cart' AND day >= '2022-12-02') AS cart,
  (SELECT groupBitmapMergeState(members) FROM event_days WHERE event = 'pay' AND day >= '2022-12-02') AS paid
SELECT bitmapAndnotCardinality(cart, paid)
