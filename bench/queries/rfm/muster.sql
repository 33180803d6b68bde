-- RFM, 5 x 5 x 5
-- Buyers of 2022: days from their last pay's date to 2023-01-01, number of pays, sum of amounts. Each in five parts of
-- equal size from the worst (1) to the best (5): recent, frequent, much; equal values all go where the first of them
-- does. How many customers are in each of the cells that have any.
SELECT r, f, m, count(*) AS customers
FROM rfm(events, event = 'pay', value => amount, since => '2022-01-01', until => '2023-01-01', as_of => '2023-01-01')
GROUP BY ALL ORDER BY ALL
