"""DuckDB reads the Arrow stream of docs/examples/muster.py and gives the same values; its arguments are the folder of
the examples and DuckDB's library. What muster does not say of its arrays is found by who reads them."""

import ctypes
import datetime
import os
import sys
from ctypes import byref, c_char_p, c_uint64, c_void_p

if not os.path.exists(sys.argv[2]):
    sys.exit(77)
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
import muster

duck = ctypes.CDLL(sys.argv[2])
duck.duckdb_value_varchar.restype = c_void_p
duck.duckdb_value_varchar.argtypes = [c_void_p, c_uint64, c_uint64]
duck.duckdb_result_error.restype = c_char_p
duck.duckdb_row_count.restype = duck.duckdb_column_count.restype = c_uint64
db, connection = c_void_p(), c_void_p()
assert duck.duckdb_open(None, byref(db)) == 0
assert duck.duckdb_connect(db, byref(connection)) == 0


def ask_duck(sql):
    result = (c_uint64 * 16)()
    if duck.duckdb_query(connection, sql.encode(), byref(result)) != 0:
        raise AssertionError(duck.duckdb_result_error(byref(result)).decode())
    rows = []
    for row in range(duck.duckdb_row_count(byref(result))):
        texts = [duck.duckdb_value_varchar(byref(result), c, row) for c in range(duck.duckdb_column_count(byref(result)))]
        rows.append(tuple(text and ctypes.string_at(text).decode() for text in texts))
    duck.duckdb_destroy_result(byref(result))
    return rows


def copy(rows):
    """Makes `copy` a table of them. This old entry of DuckDB's reads all columns in their order or crashes."""
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = c_void_p, [ctypes.py_object, c_char_p]
    capsule = rows.__arrow_c_stream__()
    stream = c_void_p(pointer(capsule, b"arrow_array_stream"))
    assert duck.duckdb_arrow_scan(connection, b"rows", stream) == 0
    ask_duck("CREATE OR REPLACE TABLE copy AS SELECT * FROM rows")


with muster.connect() as shop:
    shop.run("CREATE TABLE events (customer TEXT CUSTOMER, ts TIMESTAMP TIME, event TEXT EVENT, small SMALLINT, "
             "medium INTEGER, large BIGINT, real DOUBLE, price DECIMAL(12,2), flag BOOLEAN, day DATE, pause INTERVAL)")
    shop.run("INSERT INTO events SELECT 'c' || n % 100, TIMESTAMP '2024-05-01' + n * INTERVAL '1 minute', "
             "CASE WHEN n % 3 = 0 THEN 'pay' WHEN n % 3 = 1 THEN 'Grüße' END, n % 1000, n, n * n, n / 7.0::DOUBLE, "
             "n % 50 + 0.25, CASE WHEN n % 5 > 0 THEN n % 2 = 0 END, DATE '2024-01-01' + (n % 300) * INTERVAL '1 day', "
             "n * INTERVAL '1 second' FROM generate_series(1, 70000) AS s(n)")
    copy(shop.arrow("SELECT * FROM events ORDER BY ts"))
    types = [row[1] for row in ask_duck("DESCRIBE copy")]
    assert types == ["VARCHAR", "TIMESTAMP WITH TIME ZONE", "VARCHAR", "SMALLINT", "INTEGER", "BIGINT", "DOUBLE",
                     "DECIMAL(12,2)", "BOOLEAN", "DATE", "INTERVAL"], types
    # As texts; what the two write differently is made a number.
    found = ask_duck("SELECT customer, epoch_us(ts), event, small, medium, large, price, flag::INTEGER, day, "
                     "epoch_us(pause), real FROM copy ORDER BY ts")
    wanted = shop.run("SELECT * FROM events ORDER BY ts")
    assert len(found) == len(wanted) == 70000
    micro = datetime.timedelta(microseconds=1)
    epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    for duck_row, row in zip(found, wanted):
        customer, ts, event, small, medium, large, real, price, flag, day, pause = row
        texts = [customer, (ts - epoch) // micro, event, small, medium, large, price, flag, day, pause // micro]
        texts = [None if value is None else str(int(value) if value is flag else value) for value in texts]
        assert list(duck_row[:10]) == texts, (duck_row, texts)
        assert float(duck_row[10]) == real
print("passed")
