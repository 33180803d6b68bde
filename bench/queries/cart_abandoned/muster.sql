-- Cart abandoned for 24 hours
-- Customers with an add_to_cart from 2022-12-02 until 2022-12-31 and no pay within the 24 hours after it, the same
-- second and the end included; one number.
SELECT count(*) FROM customers
WHERE did_without(event = 'add_to_cart', event = 'pay', within => INTERVAL '24 hours', since => '2022-12-02', until => '2022-12-31', as_of => '2023-01-01')
