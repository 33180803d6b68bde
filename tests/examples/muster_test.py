"""Runs docs/examples/muster.py: rows, values both ways, and an Arrow stream, read through pyarrow if it is there."""

import ctypes
import datetime
import decimal
import sys

sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
import muster

DAY = datetime.date(2024, 5, 1)
MOMENT = datetime.datetime(2024, 5, 1, 12, 30, 0, 5, tzinfo=datetime.timezone.utc)


def stream_by_hand(rows):
    """The batches' lengths, by the C interface alone."""

    class Array(ctypes.Structure):
        pass

    release = ctypes.CFUNCTYPE(None, ctypes.POINTER(Array))
    Array._fields_ = [
        *((name, ctypes.c_int64) for name in ("length", "null_count", "offset", "n_buffers", "n_children")),
        *((name, ctypes.c_void_p) for name in ("buffers", "children", "dictionary")),
        ("release", release), ("private_data", ctypes.c_void_p)]
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    capsule = rows.__arrow_c_stream__()
    address = pointer(capsule, b"arrow_array_stream")
    stream = muster._Stream.from_address(address)
    get_next = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(Array))(stream.get_next)
    lengths = []
    while True:
        array = Array()
        assert get_next(address, ctypes.byref(array)) == 0
        if not array.release:
            return lengths
        lengths.append(array.length)
        array.release(ctypes.byref(array))


with muster.connect() as shop:
    shop.run("CREATE TABLE events (customer TEXT CUSTOMER, ts TIMESTAMP TIME, event TEXT EVENT, price DECIMAL(9,2))")
    shop.run("INSERT INTO events VALUES ('ada', ?, 'pay', ?), ('bob', '2024-05-02', 'Grüße', NULL)", MOMENT,
             decimal.Decimal("12.50"))
    assert shop.run("SELECT * FROM events ORDER BY ts") == [
        ("ada", MOMENT, "pay", decimal.Decimal("12.50")),
        ("bob", datetime.datetime(2024, 5, 2, tzinfo=datetime.timezone.utc), "Grüße", None)]
    values = (None, True, -7, 0.5, "text", DAY, MOMENT, datetime.timedelta(hours=2))
    assert shop.run("SELECT ?, ?, ?, ?, ?, ?, ?, ?", *values) == [values]
    assert shop.run("SELECT customer FROM events WHERE event = :event", event="pay") == [("ada",)]
    try:
        shop.run("SELECT\n  nobody FROM events")
        raise SystemExit("it should have failed")
    except muster.Error as error:
        assert (error.line, error.column) == (2, 3) and "nobody" in str(error), error
    assert sum(stream_by_hand(shop.arrow("SELECT * FROM events"))) == 2
    shop.arrow("SELECT 1")  # which nobody reads
    shop.arrow("SELECT 1").__arrow_c_stream__()
    try:
        import pyarrow
    except ImportError:
        print("no pyarrow here: its part is skipped")
    else:
        table = pyarrow.table(shop.arrow("SELECT * FROM events ORDER BY ts"))
        assert table.column("event").to_pylist() == ["pay", "Grüße"]
        assert table.column("price").to_pylist() == [decimal.Decimal("12.50"), None]
        assert table.schema.field("ts").type == pyarrow.timestamp("us", "UTC")
        del table
print("passed")
