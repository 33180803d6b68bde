-- Put into the cart and did not pay, 30 days
-- Customers with an add_to_cart on 2022-12-02 or later and no pay on 2022-12-02 or later; one number.
SELECT count(*) FROM customers
WHERE did(event = 'add_to_cart', since => '2022-12-02') AND NOT did(event = 'pay', since => '2022-12-02')
