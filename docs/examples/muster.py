"""muster for Python, by ctypes alone.

    import muster
    with muster.connect("shop.muster") as shop:
        shop.run("CREATE TABLE IF NOT EXISTS visits (customer TEXT CUSTOMER, ts TIMESTAMP TIME)")
        for day, people in shop.ask("SELECT ... WHERE ts >= ? GROUP BY 1", date(2024, 5, 1)):
            ...
        table = pyarrow.table(shop.arrow("SELECT * FROM visits"))   # or polars, pandas, DuckDB

What arrow() gives is read once, before the connection is closed, by anything that knows the PyCapsule
interface of Arrow. The library is libmuster.so.0, or the one that MUSTER_LIBRARY names.
"""

import ctypes
import datetime
import decimal
import os
import weakref
from ctypes import POINTER, byref, c_bool, c_char_p, c_double, c_int32, c_int64, c_size_t, c_uint32, c_void_p

_library = ctypes.CDLL(os.environ.get("MUSTER_LIBRARY", "libmuster.so.0"))
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
_BOOLEAN, _BIGINT, _DOUBLE, _DECIMAL, _TEXT, _DATE, _TIMESTAMP, _INTERVAL, _BITMAP = range(9)


class _Error(ctypes.Structure):
    _fields_ = [("status", c_int32), ("offset", c_int32), ("line", c_int32), ("column", c_int32),
                ("message", ctypes.c_char * 496)]


class Error(Exception):
    """What went wrong; `status` is that of muster.h, `line` and `column` the place in the SQL, if it is about one."""

    def __init__(self, error):
        super().__init__(error.message.decode())
        self.status, self.line, self.column = error.status, error.line, error.column


def _function(name, result, *arguments):
    function = getattr(_library, "muster_" + name)
    function.restype, function.argtypes = result, arguments
    return function


def _fallible(name, *arguments):
    function = _function(name, c_int32, *arguments, POINTER(_Error))

    def call(*values):
        error = _Error()
        if function(*values, byref(error)) != 0:
            raise Error(error)

    return call


_open = _fallible("open", c_char_p, c_void_p, POINTER(c_void_p))
_close = _function("close", None, c_void_p)
_connect = _fallible("connect", c_void_p, POINTER(c_void_p))
_disconnect = _function("disconnect", None, c_void_p)
_prepare = _fallible("prepare", c_void_p, c_char_p, POINTER(c_char_p), POINTER(c_void_p))
_finish = _function("finish", None, c_void_p)
_step = _fallible("step", c_void_p, POINTER(c_bool))
_count = _function("column_count", c_uint32, c_void_p)
_type = _function("column_type", c_int32, c_void_p, c_uint32)
_scale = _function("column_scale", c_uint32, c_void_p, c_uint32)
_is_null = _function("is_null", c_bool, c_void_p, c_uint32)
_int64 = _function("int64", c_int64, c_void_p, c_uint32)
_double = _function("double", c_double, c_void_p, c_uint32)
_text = _function("text", c_void_p, c_void_p, c_uint32, POINTER(c_size_t))
_bytes = _function("bytes", c_void_p, c_void_p, c_uint32, POINTER(c_size_t))
_parameter = _function("parameter_index", c_uint32, c_void_p, c_char_p)
_bind_null = _fallible("bind_null", c_void_p, c_uint32)
_bind_boolean = _fallible("bind_boolean", c_void_p, c_uint32, c_bool)
_bind_int64 = _fallible("bind_int64", c_void_p, c_uint32, c_int64)
_bind_double = _fallible("bind_double", c_void_p, c_uint32, c_double)
_bind_text = _fallible("bind_text", c_void_p, c_uint32, c_char_p, c_size_t)
_bind_date = _fallible("bind_date", c_void_p, c_uint32, c_int64)
_bind_timestamp = _fallible("bind_timestamp", c_void_p, c_uint32, c_int64)
_bind_interval = _fallible("bind_interval", c_void_p, c_uint32, c_int32, c_int64)
_arrow_stream = _fallible("arrow_stream", c_void_p, c_void_p)

_microsecond = datetime.timedelta(microseconds=1)


def _bind(statement, number, value):
    if value is None:
        _bind_null(statement, number)
    elif isinstance(value, bool):
        _bind_boolean(statement, number, value)
    elif isinstance(value, int):
        _bind_int64(statement, number, value)
    elif isinstance(value, float):
        _bind_double(statement, number, value)
    elif isinstance(value, datetime.datetime):  # one without a zone is taken to be of UTC
        value = value if value.tzinfo else value.replace(tzinfo=datetime.timezone.utc)
        _bind_timestamp(statement, number, (value - _EPOCH) // _microsecond)
    elif isinstance(value, datetime.date):
        _bind_date(statement, number, (value - _EPOCH.date()).days)
    elif isinstance(value, datetime.timedelta):
        _bind_interval(statement, number, 0, value // _microsecond)
    else:  # a Decimal, say: a text is read as what its place takes
        text = str(value).encode()
        _bind_text(statement, number, text, len(text))


def _value(statement, column, kind):
    if _is_null(statement, column):
        return None
    if kind == _TEXT:
        size = c_size_t()
        return ctypes.string_at(_text(statement, column, byref(size)), size.value).decode()
    if kind == _DOUBLE:
        return _double(statement, column)
    if kind == _BITMAP:  # a Roaring bitmap in its portable format
        size = c_size_t()
        return ctypes.string_at(_bytes(statement, column, byref(size)), size.value)
    number = _int64(statement, column)
    if kind == _BOOLEAN:
        return bool(number)
    if kind == _DECIMAL:
        return decimal.Decimal(number).scaleb(-_scale(statement, column))
    if kind == _DATE:
        return _EPOCH.date() + datetime.timedelta(days=number)
    if kind == _TIMESTAMP:
        return _EPOCH + number * _microsecond
    return number * _microsecond if kind == _INTERVAL else number


class _Stream(ctypes.Structure):
    """struct ArrowArrayStream"""


_Release = ctypes.CFUNCTYPE(None, POINTER(_Stream))
_Stream._fields_ = [("get_schema", c_void_p), ("get_next", c_void_p), ("get_last_error", c_void_p),
                    ("release", _Release), ("private_data", c_void_p)]
_streams = {}  # those that a capsule points to, by address
_capsule_new = ctypes.PYFUNCTYPE(ctypes.py_object, c_void_p, c_char_p, c_void_p)(("PyCapsule_New", ctypes.pythonapi))
_capsule_pointer = ctypes.PYFUNCTYPE(c_void_p, c_void_p, c_char_p)(("PyCapsule_GetPointer", ctypes.pythonapi))


@ctypes.PYFUNCTYPE(None, c_void_p)
def _forget_capsule(capsule):
    stream = _streams.pop(_capsule_pointer(capsule, b"arrow_array_stream"))
    if stream.release:  # nobody has taken it
        stream.release(byref(stream))


class _Rows:
    def __init__(self, stream):
        self._stream = stream

    def __arrow_c_stream__(self, requested_schema=None):
        stream, self._stream = self._stream, None
        if stream is None:
            raise ValueError("these rows have been read; ask again")
        address = ctypes.addressof(stream)
        _streams[address] = stream
        return _capsule_new(address, b"arrow_array_stream", ctypes.cast(_forget_capsule, c_void_p))

    def close(self):
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.release(byref(stream))

    __del__ = close


class Connection:
    """A database, and a connection to it, for one thread at a time."""

    def __init__(self, path):
        self._db, self._connection = c_void_p(), c_void_p()
        self._statements = set()  # that somebody may still read
        self._rows = weakref.WeakSet()  # the same
        _open(os.fsencode(path) if path else None, None, byref(self._db))
        _connect(self._db, byref(self._connection))

    def close(self):
        for statement in list(self._statements):
            self._finish(statement)
        for rows in list(self._rows):
            rows.close()
        _disconnect(self._connection)
        _close(self._db)
        self._connection = self._db = None

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        self.close()

    def _finish(self, statement):
        if statement in self._statements:
            self._statements.remove(statement)
            _finish(statement)

    def _prepared(self, sql, values, names):
        out = c_void_p()
        _prepare(self._connection, sql.encode(), None, byref(out))
        statement = out.value
        self._statements.add(statement)
        try:
            for number, value in enumerate(values, 1):
                _bind(statement, number, value)
            for name, value in names.items():
                _bind(statement, _parameter(statement, name.encode()), value)
        except BaseException:
            self._finish(statement)
            raise
        return statement

    def ask(self, sql, *values, **names):
        """The rows of the answer, as tuples, one after the other."""
        statement, row = self._prepared(sql, values, names), c_bool()
        try:
            while _step(statement, byref(row)) or row.value:
                yield tuple(_value(statement, c, _type(statement, c)) for c in range(_count(statement)))
        finally:
            self._finish(statement)

    def run(self, sql, *values, **names):
        """All rows at once; for statements that have none, an empty list."""
        return list(self.ask(sql, *values, **names))

    def arrow(self, sql, *values, **names):
        statement, stream = self._prepared(sql, values, names), _Stream()
        try:
            _arrow_stream(statement, ctypes.addressof(stream))
        finally:
            self._finish(statement)  # the stream holds it
        rows = _Rows(stream)
        self._rows.add(rows)
        return rows


def connect(path=None):
    """The database in directory `path`, created if there is none; None: a temporary one."""
    return Connection(path)
