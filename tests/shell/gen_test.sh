# gen_test.sh - the generated log has the shape it promises.
. "$(dirname "$0")/support.sh"

make() { # CUSTOMERS EVENTS SEED OUT
    "$gen" --customers "$1" --events "$2" --seed "$3" --out "$4" --tags "$4.tags" || echo "no log"
}
make 2000 40000 7 log.csv
tail -n +2 log.csv >rows.csv

claim "the same options make the same bytes, another seed makes others"
make 2000 40000 7 again.csv
make 2000 40000 8 other.csv
cmp -s log.csv again.csv
equal 0 $?
cmp -s log.csv.tags again.csv.tags
equal 0 $?
cmp -s log.csv other.csv
equal 1 $?

claim "the header names the columns"
equal "customer,ts,event,channel,city,sku,amount,quantity,coupon" "$(head -n 1 log.csv)"
equal "customer,tag,value" "$(head -n 1 log.csv.tags)"

claim "there are exactly as many events as asked for, and each customer has one"
equal 40000 "$(wc -l <rows.csv | tr -d ' ')"
equal 2000 "$(cut -d, -f1 rows.csv | sort -u | wc -l | tr -d ' ')"
equal 9 "$(awk -F, '{ print NF }' rows.csv | sort -u)"

claim "events are in the order of time, within the two years"
sort -c -s -t, -k2,2 rows.csv
equal 0 $?
matches "*,2021-01-01 *" "$(head -n 1 rows.csv)"
matches "*,2022-12-31 *" "$(tail -n 1 rows.csv)"

claim "carts follow views, payments follow carts and refunds payments, of one customer and sku"
equal "0 0 0" "$(awk -F, '
    { item = $1 "," $6 }
    $3 == "view" { viewed[item] = 1 }
    $3 == "add_to_cart" { unseen += !(item in viewed); carted[item] = 1 }
    $3 == "pay" { uncarted += !(item in carted); paid[item] = 1 }
    $3 == "refund" { unpaid += !(item in paid) }
    END { print unseen + 0, uncarted + 0, unpaid + 0 }' rows.csv)"

claim "payments and refunds have an amount with two decimals, and nothing else has"
equal 0 "$(awk -F, '($3 == "pay" || $3 == "refund") != ($7 ~ /^[0-9]+\.[0-9][0-9]$/)' rows.csv | wc -l | tr -d ' ')"

claim "some names are common, many are rare"
equal 1 "$(awk -F, '{ n[$3]++ } END { print (n["view"] > 8000 && n["view"] < 16000) }' rows.csv)"
equal 1 "$(cut -d, -f3 rows.csv | sort -u | awk 'END { print (NR > 200 && NR <= 300) }')"

claim "fewer events than customers, one customer, one month and no event work as well"
for shape in "1000 10 24" "1 5000 1" "5 0 1" "300 300 2"; do
    set -- $shape
    "$gen" --customers "$1" --events "$2" --months "$3" >small.csv
    equal "$(($2 + 1))" "$(wc -l <small.csv | tr -d ' ')"
    tail -n +2 small.csv | sort -c -s -t, -k2,2
    equal 0 $?
done
equal 300 "$(tail -n +2 small.csv | cut -d, -f1 | sort -u | wc -l | tr -d ' ')"

claim "what cannot be is refused with the option's name"
message=$("$gen" --customers 0 2>&1)
equal 1 $?
matches '*--customers is "0"*' "$message"
message=$("$gen" --start 2021-02-30 2>&1)
equal 1 $?
matches '*--start is "2021-02-30"*' "$message"
"$gen" --out /nowhere/log.csv 2>/dev/null
equal 1 $?

finish
