# script_test.sh - statements from arguments, files and pipes; errors and exit statuses.
. "$(dirname "$0")/support.sh"

claim "-c may be repeated, and each may hold several statements"
run --format csv -c "SELECT 1 AS a; SELECT 2 AS b" -c "SELECT 3 AS c;"
equal "a
1
b
2
c
3" "$out"
equal 0 "$status"

claim "a script comes from a file or a pipe, with comments, blank lines and no last semicolon"
cat >script.sql <<'SQL'
-- a comment; with a semicolon
SELECT 'it''s; fine' AS a; /* another;
one */

SELECT
  2 AS b
SQL
expected="a
it's; fine
b
2"
run --format csv -f script.sql
equal "$expected" "$out"
run_piped --format csv <script.sql
equal "$expected" "$out"
run_piped --format csv -f - <script.sql
equal "$expected" "$out"
run --format csv -c ".read script.sql"
equal "$expected" "$out"

claim "statements from a pipe run as they come"
(
    echo "SELECT 1 AS first;"
    for i in 1 2 3 4 5 6 7 8 9 10; do
        grep -q 1 early.txt 2>/dev/null && break
        sleep 0.2
    done
    cp early.txt seen.txt
) | "$muster" --format csv >early.txt
matches "*1*" "$(cat seen.txt)"

claim "the first error ends a script, with exit status 1"
printf 'SELECT 1 AS a;\n\nSELECT 2 +;\nSELECT 3 AS c;\n' >wrong.sql
run --format csv -f wrong.sql -c "SELECT 4 AS d"
equal 1 "$status"
equal "a
1" "$out"

claim "an error says where, with the line and a caret below the place"
printf 'CREATE TABLE t (customer_name TEXT);\n\n  SELECT customer_nme\n  FROM t;\n' >place.sql
run -f place.sql
equal 'place.sql:3:10: no column "customer_nme" in table "t"; did you mean "customer_name"?
    SELECT customer_nme
           ^' "$err"

claim "columns are counted in characters, and the caret stands below wide ones and tabs"
printf "SELECT '金卡' AS 等级,\tnothing FROM t" >wide.sql
run -c "CREATE TABLE t (a TEXT)" -f wide.sql
equal "wide.sql:1:20" "$(printf '%s\n' "$err" | head -n 1 | cut -d: -f1-3)"
equal "  SELECT '金卡' AS 等级,    nothing FROM t" "$(printf '%s\n' "$err" | sed -n 2p)"
equal "                            ^" "$(printf '%s\n' "$err" | sed -n 3p)"

claim "a long line is cut on both sides of the place, whatever the width of its characters"
repeat() { # TEXT TIMES
    printf "%${2}s" "" | sed "s/ /$1/g"
}
printf "SELECT '%s',\t\t%s, '%s'" "$(repeat 金 60)" nothing "$(repeat é 90)" >long.sql
run -f long.sql
equal "  …$(repeat 金 20)',        nothing, '$(repeat é 40)…
                                                     ^" "$(printf '%s\n' "$err" | tail -n 2)"
printf 'SELECT 1%s, nothing' "$(repeat ', 1' 300000)" >million.sql
run -f million.sql
equal "million.sql:1:900011: no column \"nothing\": there is no table here to read it from
  …$(repeat ', 1' 16), nothing
                                                     ^" "$err"

claim "a statement that ends too early does so behind its last word"
printf 'SELECT 1\n\nFROM  -- where from\n\n' >early.sql
run -f early.sql
equal 'early.sql:3:5: the statement ends too early; expected a name or "("
  FROM  -- where from
      ^' "$err"

claim "control characters of a statement do not reach the terminal"
printf "SELECT '\033[2J', nothing" >control.sql
run -f control.sql
equal "  SELECT '\\u001b[2J', nothing
                      ^" "$(printf '%s\n' "$err" | tail -n 2)"

claim "a second statement on a line has its own place"
run -c "SELECT 1; SELECT x"
matches "-c:1:18: *" "$err"
equal "  SELECT 1; SELECT x
                   ^" "$(printf '%s\n' "$err" | tail -n 2)"

claim "only results go to the standard output of csv and json"
run --format csv -c "CREATE TABLE t (a BIGINT); INSERT INTO t VALUES (1), (2); SELECT count(*) AS n FROM t"
equal "n
2" "$out"

claim "an echo and an import's talk are no results"
run --format csv --echo -c "SELECT 1 AS a"
equal "a
1" "$out"
equal "SELECT 1 AS a" "$err"

claim "a database stays, a temporary one goes"
run kept -c "CREATE TABLE t (a BIGINT); INSERT INTO t VALUES (7)"
equal 0 "$status"
run kept --format csv -c "FROM t"
equal "a
7" "$out"
run -c "FROM t"
equal 1 "$status"
run :memory: -c "CREATE TABLE t (a BIGINT)"
run :memory: -c "FROM t"
equal 1 "$status"
equal "" "$(find . -name ':memory:')"

claim "files that are not there, and options that do not exist, are named"
run -f nowhere.sql
equal 1 "$status"
matches '*cannot open "nowhere.sql"*' "$err"
run --bogus
equal 1 "$status"
matches "*bogus*" "$err"
run one two
equal 1 "$status"
matches '*"two"*' "$err"
run --threads 0 -c "SELECT 1"
equal 1 "$status"
matches '*--threads is "0"*' "$err"

claim "an unknown dot command names the nearest"
run -c ".tabels"
equal 1 "$status"
matches '*no command ".tabels"; did you mean ".tables"?*' "$err"

claim "--help and --version answer"
run --help
equal 0 "$status"
matches "*--format*" "$out"
run --version
matches "muster [0-9]*.[0-9]*.[0-9]*" "$out"

claim "a reader that leaves early is no reason for a message"
"$gen" --customers 2000 --events 50000 --out log.csv
run kept2 -c "CREATE TABLE events FROM 'log.csv' (customer CUSTOMER, ts TIME, event EVENT)"
"$muster" kept2 --format csv -c "FROM events" 2>err.txt | head -n 1 >out.txt
equal "" "$(cat err.txt)"

claim "a full disk is an error"
if [ -w /dev/full ]; then
    "$muster" kept2 --format csv -c "FROM events" 2>err.txt >/dev/full
    equal 1 $?
    matches "*cannot write to standard output*" "$(cat err.txt)"
fi

finish
