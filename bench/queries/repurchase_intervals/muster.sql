-- Quartiles of the time between purchases
-- Of all seconds between a pay and the same customer's next: how many there are, and their quartiles (the least of which
-- at least so large a share is not greater).
SELECT intervals, CAST(round(p25 * 86400) AS BIGINT) AS q25, CAST(round(p50 * 86400) AS BIGINT) AS q50, CAST(round(p75 * 86400) AS BIGINT) AS q75
FROM intervals(events, start => event = 'pay', quantiles => [0.25, 0.5, 0.75])
