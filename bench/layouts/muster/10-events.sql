-- events by month, sorted by (customer, ts), with the ids of customers
CREATE TABLE events (
  customer TEXT CUSTOMER, ts TIMESTAMP TIME, event TEXT EVENT, channel TEXT, city TEXT, sku TEXT,
  amount DECIMAL(12,2), quantity INTEGER, coupon TEXT
);
COPY events FROM '{data}/events.csv';
-- load ends here
