-- Quartiles of the time between purchases
-- Of all seconds between a pay and the same customer's next: how many there are, and their quartiles (the least of which
-- at least so large a share is not greater).
-- not yet: intervals()
SELECT intervals, q25, q50, q75 FROM intervals(events, start => event = 'pay', quantiles => [0.25, 0.5, 0.75])
