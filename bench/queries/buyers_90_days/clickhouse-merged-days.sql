-- bitmaps that are kept for each event and day
SELECT groupBitmapMerge(members) FROM event_days WHERE event = 'pay' AND day >= '2022-10-03'
