/*
 * foreign.c - the table of foreign.h.
 */
#include "query/foreign.h"

#include <stdio.h>
#include <string.h>

#define NO_LISTS "there are no lists as values; string_agg(x, ',') puts texts together"
#define READS_FILES "COPY t FROM 'file' loads a file, CREATE TABLE t FROM 'file' makes a table"
#define ONE_GROUPING "UNION ALL puts the rows of several groupings together"
#define NO_SCHEMA "a directory is one database, without schemas; CREATE TABLE begins it"
#define NO_KEYS "rows are not checked against others; DISTINCT takes repeated ones together"
#define IN_SHELL "the commands of the shell begin with a dot: .help, .tables, .quit"

static const struct {
    mu_foreign_kind kind;
    const char *word, *advice;
} table[] = {
    /* Functions, by what they are for. */
    {MU_FOREIGN_FUNCTION, "dateadd", "write ts + INTERVAL '1 day'"},
    {MU_FOREIGN_FUNCTION, "timestamp_add", "write ts + INTERVAL '1 day'"},
    {MU_FOREIGN_FUNCTION, "timestampadd", "write ts + INTERVAL '1 day'"},
    {MU_FOREIGN_FUNCTION, "timestamp_diff", "write date_diff('day', a, b)"},
    {MU_FOREIGN_FUNCTION, "timestampdiff", "write date_diff('day', a, b)"},
    {MU_FOREIGN_FUNCTION, "date_bin", "write date_trunc('day', ts)"},
    {MU_FOREIGN_FUNCTION, "datetrunc", "write date_trunc('day', ts)"},
    {MU_FOREIGN_FUNCTION, "timestamp_trunc", "write date_trunc('day', ts)"},
    {MU_FOREIGN_FUNCTION, "tostartofday", "write date_trunc('day', ts)"},
    {MU_FOREIGN_FUNCTION, "tostartofhour", "write date_trunc('hour', ts)"},
    {MU_FOREIGN_FUNCTION, "tostartofweek", "write date_trunc('week', ts)"},
    {MU_FOREIGN_FUNCTION, "tostartofmonth", "write date_trunc('month', ts)"},
    {MU_FOREIGN_FUNCTION, "tostartofyear", "write date_trunc('year', ts)"},
    {MU_FOREIGN_FUNCTION, "datepart", "write extract(year FROM ts)"},
    {MU_FOREIGN_FUNCTION, "toyear", "write extract(year FROM ts)"},
    {MU_FOREIGN_FUNCTION, "tomonth", "write extract(month FROM ts)"},
    {MU_FOREIGN_FUNCTION, "tohour", "write extract(hour FROM ts)"},
    {MU_FOREIGN_FUNCTION, "todayofweek", "write extract(dow FROM ts)"},
    {MU_FOREIGN_FUNCTION, "unix_timestamp", "write extract(epoch FROM ts)"},
    {MU_FOREIGN_FUNCTION, "tounixtimestamp", "write extract(epoch FROM ts)"},
    {MU_FOREIGN_FUNCTION, "from_unixtime", "write to_timestamp(seconds)"},
    {MU_FOREIGN_FUNCTION, "date_format", "write strftime(ts, '%Y-%m-%d')"},
    {MU_FOREIGN_FUNCTION, "format_date", "write strftime(ts, '%Y-%m-%d')"},
    {MU_FOREIGN_FUNCTION, "format_timestamp", "write strftime(ts, '%Y-%m-%d')"},
    {MU_FOREIGN_FUNCTION, "formatdatetime", "write strftime(ts, '%Y-%m-%d')"},
    {MU_FOREIGN_FUNCTION, "toyyyymm", "write strftime(ts, '%Y%m')"},
    {MU_FOREIGN_FUNCTION, "toyyyymmdd", "write strftime(ts, '%Y%m%d')"},
    {MU_FOREIGN_FUNCTION, "str_to_date", "write strptime(text, '%Y-%m-%d')"},
    {MU_FOREIGN_FUNCTION, "to_date", "write CAST(text AS DATE), or strptime(text, '%d.%m.%Y')"},
    {MU_FOREIGN_FUNCTION, "parse_date", "write CAST(text AS DATE), or strptime(text, '%d.%m.%Y')"},
    {MU_FOREIGN_FUNCTION, "date", "write CAST(x AS DATE)"},
    {MU_FOREIGN_FUNCTION, "todate", "write CAST(x AS DATE)"},
    {MU_FOREIGN_FUNCTION, "timestamp", "write CAST(x AS TIMESTAMP)"},
    {MU_FOREIGN_FUNCTION, "todatetime", "write CAST(x AS TIMESTAMP)"},
    {MU_FOREIGN_FUNCTION, "tostring", "write CAST(x AS TEXT)"},
    {MU_FOREIGN_FUNCTION, "toint32", "write CAST(x AS INTEGER)"},
    {MU_FOREIGN_FUNCTION, "toint64", "write CAST(x AS BIGINT)"},
    {MU_FOREIGN_FUNCTION, "tofloat64", "write CAST(x AS DOUBLE)"},
    {MU_FOREIGN_FUNCTION, "to_number", "write CAST(x AS DECIMAL(12, 2))"},
    {MU_FOREIGN_FUNCTION, "convert", "write CAST(x AS INTEGER)"},
    {MU_FOREIGN_FUNCTION, "try_convert", "write TRY_CAST(x AS INTEGER)"},
    {MU_FOREIGN_FUNCTION, "curdate", "write current_date"},
    {MU_FOREIGN_FUNCTION, "getdate", "write now()"},
    {MU_FOREIGN_FUNCTION, "sysdate", "write now()"},
    {MU_FOREIGN_FUNCTION, "sysdatetime", "write now()"},
    {MU_FOREIGN_FUNCTION, "isnull", "write coalesce(x, y), or x IS NULL"},
    {MU_FOREIGN_FUNCTION, "zeroifnull", "write coalesce(x, 0)"},
    {MU_FOREIGN_FUNCTION, "nvl2", "write CASE WHEN x IS NOT NULL THEN y ELSE z END"},
    {MU_FOREIGN_FUNCTION, "decode", "write CASE x WHEN 'a' THEN 1 ELSE 0 END"},
    {MU_FOREIGN_FUNCTION, "multiif", "write CASE WHEN x > 5 THEN 'a' ELSE 'b' END"},
    {MU_FOREIGN_FUNCTION, "len", "write length(x)"},
    {MU_FOREIGN_FUNCTION, "charindex", "write strpos(text, part)"},
    {MU_FOREIGN_FUNCTION, "locate", "write strpos(text, part)"},
    {MU_FOREIGN_FUNCTION, "substring_index", "write split_part(text, ',', 1)"},
    {MU_FOREIGN_FUNCTION, "regexp_like", "write x ~ 'pattern'"},
    {MU_FOREIGN_FUNCTION, "match", "write x ~ 'pattern'"},
    {MU_FOREIGN_FUNCTION, "listagg", "write string_agg(x, ',')"},
    {MU_FOREIGN_FUNCTION, "array_agg", NO_LISTS},
    {MU_FOREIGN_FUNCTION, "json_agg", NO_LISTS},
    {MU_FOREIGN_FUNCTION, "grouparray", NO_LISTS},
    {MU_FOREIGN_FUNCTION, "list", NO_LISTS},
    {MU_FOREIGN_FUNCTION, "collect_list", NO_LISTS},
    {MU_FOREIGN_FUNCTION, "arrayjoin", NO_LISTS},
    {MU_FOREIGN_FUNCTION, "unnest", NO_LISTS},
    {MU_FOREIGN_FUNCTION, "uniq", "write count(DISTINCT x)"},
    {MU_FOREIGN_FUNCTION, "uniqexact", "write count(DISTINCT x)"},
    {MU_FOREIGN_FUNCTION, "approx_distinct", "write count(DISTINCT x)"},
    {MU_FOREIGN_FUNCTION, "approx_count_distinct", "write count(DISTINCT x)"},
    {MU_FOREIGN_FUNCTION, "approx_percentile", "write quantile(x, 0.5)"},
    {MU_FOREIGN_FUNCTION, "percentile", "write quantile(x, 0.5)"},
    {MU_FOREIGN_FUNCTION, "countif", "write count(*) FILTER (WHERE x > 5)"},
    {MU_FOREIGN_FUNCTION, "sumif", "write sum(x) FILTER (WHERE y > 5)"},
    {MU_FOREIGN_FUNCTION, "avgif", "write avg(x) FILTER (WHERE y > 5)"},
    {MU_FOREIGN_FUNCTION, "uniqif", "write count(DISTINCT x) FILTER (WHERE y > 5)"},
    {MU_FOREIGN_FUNCTION, "rollup", ONE_GROUPING},
    {MU_FOREIGN_FUNCTION, "cube", ONE_GROUPING},
    {MU_FOREIGN_FUNCTION, "grouping", ONE_GROUPING},
    {MU_FOREIGN_FUNCTION, "windowfunnel", "write FROM funnel(events, steps => [step(...)])"},
    {MU_FOREIGN_FUNCTION, "top", "LIMIT 5 at the end of the query takes the first 5 rows"},
    {MU_FOREIGN_FUNCTION, "generate_series", "it gives rows: write FROM generate_series(1, 10)"},
    {MU_FOREIGN_FUNCTION, "funnel", "it gives rows: write FROM funnel(...)"},
    {MU_FOREIGN_FUNCTION, "funnel_customers", "it gives rows: write FROM funnel_customers(...)"},
    {MU_FOREIGN_FUNCTION, "retention", "it gives rows: write FROM retention(...)"},
    {MU_FOREIGN_FUNCTION, "read_csv", READS_FILES},
    {MU_FOREIGN_FUNCTION, "read_csv_auto", READS_FILES},
    {MU_FOREIGN_FUNCTION, "read_json", READS_FILES},
    {MU_FOREIGN_FUNCTION, "read_parquet", READS_FILES},

    /* What stands where a column or a table is looked for. */
    {MU_FOREIGN_NAME, "rownum", "LIMIT 5 takes the first 5 rows"},
    {MU_FOREIGN_NAME, "rowid", "row_number() OVER (ORDER BY ts) numbers rows"},
    {MU_FOREIGN_NAME, "sysdate", "write now()"},
    {MU_FOREIGN_NAME, "systimestamp", "write now()"},
    {MU_FOREIGN_NAME, "current_time", "write now()"},
    {MU_FOREIGN_NAME, "current_user", "there are no users: who may read the files may read all"},
    {MU_FOREIGN_NAME, "dual", "a SELECT needs no FROM"},

    /* Types. */
    {MU_FOREIGN_TYPE, "bitmap",
     "a set of customers is made by bitmap_agg(customer), and kept by CREATE AUDIENCE"},
    {MU_FOREIGN_TYPE, "json", "TEXT holds it as it is"},
    {MU_FOREIGN_TYPE, "jsonb", "TEXT holds it as it is"},
    {MU_FOREIGN_TYPE, "uuid", "TEXT holds it"},
    {MU_FOREIGN_TYPE, "enum", "TEXT holds it, and repeated texts take next to no room"},
    {MU_FOREIGN_TYPE, "lowcardinality", "TEXT is kept that way where it pays"},
    {MU_FOREIGN_TYPE, "serial", "numbers are not given out; write BIGINT, and the number"},
    {MU_FOREIGN_TYPE, "bigserial", "numbers are not given out; write BIGINT, and the number"},
    {MU_FOREIGN_TYPE, "number", "write DECIMAL(12, 2) or BIGINT"},
    {MU_FOREIGN_TYPE, "money", "write DECIMAL(12, 2)"},
    {MU_FOREIGN_TYPE, "varchar2", "write TEXT"},
    {MU_FOREIGN_TYPE, "longtext", "write TEXT"},
    {MU_FOREIGN_TYPE, "mediumtext", "write TEXT"},
    {MU_FOREIGN_TYPE, "int16", "write SMALLINT"},
    {MU_FOREIGN_TYPE, "int32", "write INTEGER"},
    {MU_FOREIGN_TYPE, "int64", "write BIGINT"},
    {MU_FOREIGN_TYPE, "float64", "write DOUBLE"},

    /* Words of statements that are not here. */
    {MU_FOREIGN_WORD, "top", "LIMIT 5 at the end of the query takes the first 5 rows"},
    {MU_FOREIGN_WORD, "regexp", "write x ~ 'pattern'"},
    {MU_FOREIGN_WORD, "rlike", "write x ~ 'pattern'"},
    {MU_FOREIGN_WORD, "similar", "write x ~ 'pattern'"},
    {MU_FOREIGN_WORD, "div", "a quotient of whole numbers is cut off by CAST(x / y AS BIGINT)"},
    {MU_FOREIGN_WORD, "xor", "for conditions, write x <> y"},
    {MU_FOREIGN_WORD, "minus", "write EXCEPT"},
    {MU_FOREIGN_WORD, "prewhere", "write WHERE; columns that filter are read first by themselves"},
    {MU_FOREIGN_WORD, "sample", "there are no samples: LIMIT takes the first rows"},
    {MU_FOREIGN_WORD, "tablesample", "there are no samples: LIMIT takes the first rows"},
    {MU_FOREIGN_WORD, "separator", "write string_agg(x, ';')"},
    {MU_FOREIGN_WORD, "array", NO_LISTS},
    {MU_FOREIGN_WORD, "lateral", "a query in FROM sees nothing beside it; JOIN its rows"},
    {MU_FOREIGN_WORD, "apply", "a query in FROM sees nothing beside it; JOIN its rows"},
    {MU_FOREIGN_WORD, "returning", "leave it out; a SELECT shows the rows"},
    {MU_FOREIGN_WORD, "nolock", "leave it out: reading never waits for writing"},
    {MU_FOREIGN_WORD, "format", "leave it out; the program that asks chooses how rows are shown"},
    {MU_FOREIGN_WORD, "pivot", "write sum(x) FILTER (WHERE y = 'a') for each column"},
    {MU_FOREIGN_WORD, "sets", ONE_GROUPING},
    {MU_FOREIGN_WORD, "into", "CREATE TABLE t AS SELECT keeps the rows of a query"},
    {MU_FOREIGN_WORD, "conflict", NO_KEYS},
    {MU_FOREIGN_WORD, "unique", NO_KEYS},
    {MU_FOREIGN_WORD, "references", NO_KEYS},
    {MU_FOREIGN_WORD, "cascade", "leave it out; a view stays, and says what it misses"},
    {MU_FOREIGN_WORD, "merge", NO_KEYS},
    {MU_FOREIGN_WORD, "check", "rows are not checked but for their types and NOT NULL"},
    {MU_FOREIGN_WORD, "auto_increment", "leave it out: numbers are not given out"},
    {MU_FOREIGN_WORD, "engine", "leave it out: there is one kind of table"},
    {MU_FOREIGN_WORD, "index", "leave it out: INDEXED behind a column is all there is to say"},
    {MU_FOREIGN_WORD, "temp", "leave it out; a query of WITH, or a view, lasts as long as wanted"},
    {MU_FOREIGN_WORD, "temporary", "leave it out; a query of WITH lasts as long as its statement"},
    {MU_FOREIGN_WORD, "materialized", "CREATE TABLE t AS keeps the rows of a query"},
    {MU_FOREIGN_WORD, "function", "there are none of one's own; a view gives a query a name"},
    {MU_FOREIGN_WORD, "procedure", "there are none of one's own; a view gives a query a name"},
    {MU_FOREIGN_WORD, "database", NO_SCHEMA},
    {MU_FOREIGN_WORD, "schema", NO_SCHEMA},
    {MU_FOREIGN_WORD, "use", NO_SCHEMA},
    {MU_FOREIGN_WORD, "attach", NO_SCHEMA},
    {MU_FOREIGN_WORD, "truncate", "DELETE FROM t takes all rows away"},
    {MU_FOREIGN_WORD, "replace", "DELETE the rows that are to go, and INSERT the new ones"},
    {MU_FOREIGN_WORD, "modify", "a column keeps its type; ADD COLUMN makes one of another"},
    {MU_FOREIGN_WORD, "columns", "DESCRIBE t lists the columns of a table"},
    {MU_FOREIGN_WORD, "pragma", "DESCRIBE t lists the columns of a table"},
    {MU_FOREIGN_WORD, "vacuum", "leave it out; COMPACT does it, and need not be called"},
    {MU_FOREIGN_WORD, "optimize", "leave it out; COMPACT does it, and need not be called"},
    {MU_FOREIGN_WORD, "lock", "leave it out: reading never waits for writing"},
    {MU_FOREIGN_WORD, "grant", "there are no users: who may read the files may read all"},
    {MU_FOREIGN_WORD, "revoke", "there are no users: who may read the files may read all"},
    {MU_FOREIGN_WORD, "declare", "there are no variables; parameters are written ?, $1 or :name"},
    {MU_FOREIGN_WORD, "prepare", "a program prepares statements, with ?, $1 or :name for values"},
    {MU_FOREIGN_WORD, "execute", "a program runs prepared statements, with values for ?"},
    {MU_FOREIGN_WORD, "call", "there are no procedures; a view gives a query a name"},
    {MU_FOREIGN_WORD, "help", IN_SHELL},
    {MU_FOREIGN_WORD, "quit", IN_SHELL},
    {MU_FOREIGN_WORD, "exit", IN_SHELL},
    {MU_FOREIGN_WORD, "clear", IN_SHELL},
};

/* `known` is written in small letters. */
static bool is_word(const char *known, mu_text word)
{
    if (strlen(known) != word.size) {
        return false;
    }
    for (uint32_t i = 0; i < word.size; i++) {
        const char c = word.data[i];
        if ((c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c) != known[i]) {
            return false;
        }
    }
    return true;
}

const char *mu_foreign_advice(mu_foreign_kind kind, mu_text word)
{
    for (size_t i = 0; i < MU_COUNT(table); i++) {
        if (table[i].kind == kind && is_word(table[i].word, word)) {
            return table[i].advice;
        }
    }
    return NULL;
}

const char *mu_foreign_hint(mu_foreign_kind kind, const char *word, char *buffer, size_t size)
{
    const char *advice = mu_foreign_advice(kind, (mu_text){word, (uint32_t)strlen(word)});

    (void)snprintf(buffer, size, "%s%s", advice ? "; " : "", advice ? advice : "");
    return buffer;
}
