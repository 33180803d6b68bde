// muster for Node, by koffi (npm install koffi).
//
//     const { connect } = require('./muster.js');
//     const shop = connect('shop.muster');
//     for (const row of shop.ask('SELECT event, count(*) AS n FROM events WHERE ts >= ? GROUP BY 1', '2024-05-01'))
//         console.log(row.event, row.n);
//     shop.close();
//
// Values are strings, numbers, bigints, booleans and null. Numbers beyond 2^53 come as bigints; dates, times, decimals
// and intervals as text. The library is libmuster.so.0, or the one that MUSTER_LIBRARY names.
'use strict';

const koffi = require('koffi');

const library = koffi.load(process.env.MUSTER_LIBRARY || 'libmuster.so.0');
const failure = koffi.struct('muster_error', {
    status: 'int', offset: 'int32_t', line: 'int32_t', column: 'int32_t', message: koffi.array('char', 496),
});
koffi.opaque('muster');
koffi.opaque('muster_connection');
koffi.opaque('muster_statement');

const OK = 0;
const BOOLEAN = 0, BIGINT = 1, DOUBLE = 2;

// Calls a function whose last argument is the error.
function fallible(declaration) {
    const call = library.func(declaration);
    return (...values) => {
        const error = {};
        if (call(...values, error) !== OK) {
            throw Object.assign(new Error(error.message), { status: error.status, line: error.line, column: error.column });
        }
    };
}

const muster = {
    open: fallible('int muster_open(const char *path, void *options, _Out_ muster **db, _Out_ muster_error *err)'),
    close: library.func('void muster_close(muster *db)'),
    connect: fallible('int muster_connect(muster *db, _Out_ muster_connection **connection, _Out_ muster_error *err)'),
    disconnect: library.func('void muster_disconnect(muster_connection *connection)'),
    prepare: fallible('int muster_prepare(muster_connection *connection, const char *sql, void *rest, ' +
        '_Out_ muster_statement **statement, _Out_ muster_error *err)'),
    finish: library.func('void muster_finish(muster_statement *statement)'),
    step: fallible('int muster_step(muster_statement *statement, _Out_ bool *row, _Out_ muster_error *err)'),
    bindNull: fallible('int muster_bind_null(muster_statement *statement, uint32_t number, _Out_ muster_error *err)'),
    bindBoolean: fallible('int muster_bind_boolean(muster_statement *statement, uint32_t number, bool value, ' +
        '_Out_ muster_error *err)'),
    bindInt64: fallible('int muster_bind_int64(muster_statement *statement, uint32_t number, int64_t value, ' +
        '_Out_ muster_error *err)'),
    bindDouble: fallible('int muster_bind_double(muster_statement *statement, uint32_t number, double value, ' +
        '_Out_ muster_error *err)'),
    bindText: fallible('int muster_bind_text(muster_statement *statement, uint32_t number, const char *text, ' +
        'size_t size, _Out_ muster_error *err)'),
    columnCount: library.func('uint32_t muster_column_count(muster_statement *statement)'),
    columnName: library.func('const char *muster_column_name(muster_statement *statement, uint32_t column)'),
    columnType: library.func('int muster_column_type(muster_statement *statement, uint32_t column)'),
    isNull: library.func('bool muster_is_null(muster_statement *statement, uint32_t column)'),
    int64: library.func('int64_t muster_int64(muster_statement *statement, uint32_t column)'),
    double: library.func('double muster_double(muster_statement *statement, uint32_t column)'),
    text: library.func('const char *muster_text(muster_statement *statement, uint32_t column, void *size)'),
};

function bind(statement, number, value) {
    if (value === null || value === undefined) {
        muster.bindNull(statement, number);
    } else if (typeof value === 'boolean') {
        muster.bindBoolean(statement, number, value);
    } else if (typeof value === 'bigint' || Number.isSafeInteger(value)) {
        muster.bindInt64(statement, number, value);
    } else if (typeof value === 'number') {
        muster.bindDouble(statement, number, value);
    } else {
        muster.bindText(statement, number, String(value), Buffer.byteLength(String(value)));
    }
}

function valueOf(statement, column) {
    if (muster.isNull(statement, column)) {
        return null;
    }
    switch (muster.columnType(statement, column)) {
    case BOOLEAN:
        return Number(muster.int64(statement, column)) !== 0;
    case BIGINT:
        return muster.int64(statement, column);
    case DOUBLE:
        return muster.double(statement, column);
    }
    return muster.text(statement, column, null);
}

class Connection {
    constructor(path) {
        const db = [null], connection = [null];
        muster.open(path ?? null, null, db);
        this.db = db[0];
        muster.connect(this.db, connection);
        this.connection = connection[0];
    }

    // The rows of the answer, as objects, one after the other.
    *ask(sql, ...values) {
        const out = [null], row = [false];
        muster.prepare(this.connection, sql, null, out);
        const statement = out[0];
        try {
            values.forEach((value, i) => bind(statement, i + 1, value));
            for (muster.step(statement, row); row[0]; muster.step(statement, row)) {
                const found = {};
                for (let c = 0; c < muster.columnCount(statement); c++) {
                    found[muster.columnName(statement, c)] = valueOf(statement, c);
                }
                yield found;
            }
        } finally {
            muster.finish(statement);
        }
    }

    run(sql, ...values) {
        return [...this.ask(sql, ...values)];
    }

    close() {
        muster.disconnect(this.connection);
        muster.close(this.db);
    }
}

// The database in directory `path`, created if there is none; without one, a temporary one.
exports.connect = (path) => new Connection(path);
