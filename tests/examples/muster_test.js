// Runs docs/examples/muster.js, the path of which is the argument.
'use strict';

const assert = require('assert');

try {
    require('koffi');
} catch {
    console.log('no koffi here');
    process.exit(77);
}
const { connect } = require(process.argv[2]);

const shop = connect();
shop.run('CREATE TABLE events (customer TEXT CUSTOMER, ts TIMESTAMP TIME, event TEXT EVENT, price DECIMAL(9,2))');
shop.run("INSERT INTO events VALUES ('ada', ?, 'pay', ?), ('bob', '2024-05-02', 'Grüße', NULL)", '2024-05-01', 12.5);
assert.deepStrictEqual(shop.run('SELECT * FROM events ORDER BY ts'), [
    { customer: 'ada', ts: '2024-05-01 00:00:00', event: 'pay', price: '12.50' },
    { customer: 'bob', ts: '2024-05-02 00:00:00', event: 'Grüße', price: null }]);
assert.deepStrictEqual(shop.run('SELECT ? AS a, ? AS b, ? AS c, ? AS d', null, true, -7, 0.5),
    [{ a: null, b: true, c: -7, d: 0.5 }]);
assert.throws(() => shop.run('SELECT\n  nobody FROM events'), { line: 2, column: 3, message: /nobody/ });
shop.close();
console.log('passed');
