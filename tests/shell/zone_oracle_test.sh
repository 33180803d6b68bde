# zone_oracle_test.sh - times in many zones, over a thousand years, beside what Python's zoneinfo makes of the same tzdata:
# UTC to local and back (of times that came twice, the first), and the parts of dates.
set -eu
muster=$1

python3 -c 'import zoneinfo; zoneinfo.ZoneInfo("Europe/Berlin")' 2>/dev/null || {
    echo "skipped: there is no Python with zoneinfo"
    exit 77
}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

cat >"$dir/oracle.py" <<'PY'
import csv, random, subprocess, sys
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

muster, folder = sys.argv[1:]
random.seed(20240501)
zones = """Europe/Berlin Europe/London Europe/Dublin America/New_York America/St_Johns America/Sao_Paulo
America/Havana America/Santiago Asia/Shanghai Asia/Kolkata Asia/Tehran Asia/Gaza Australia/Sydney
Australia/Lord_Howe Pacific/Apia Pacific/Kwajalein Africa/Casablanca Africa/Monrovia Antarctica/Troll
Etc/GMT+5""".split()
epoch = datetime(1970, 1, 1, tzinfo=timezone.utc)

def text(t):
    return t.strftime('%m-%d %H:%M:%S').join([f'{t.year:04d}-', ''])

def times(zone):
    # GLib misreads the rule of Dublin, whose winter time is the exception, and the tables end there.
    low, high = datetime(1700, 1, 1), datetime(2037 if 'Dublin' in str(zone) else 2700, 1, 1)
    for _ in range(1500):
        yield low + timedelta(seconds=random.randrange(int((high - low).total_seconds())))
    t = datetime(1970, 1, 1)
    before = t.replace(tzinfo=zone).utcoffset()
    for _ in range(66 * 365):  # the hours around each change
        t += timedelta(days=1)
        now = t.replace(tzinfo=zone).utcoffset()
        if now != before:
            for quarter in range(-24 * 4, 8 * 4):
                yield t + timedelta(minutes=15 * quarter)
        before = now

wrong = 0
for name in zones:
    zone = ZoneInfo(name)
    path = f'{folder}/times.csv'
    with open(path, 'w', newline='') as out:
        rows = csv.writer(out)
        rows.writerow('utc shown local seconds y mo d h mi iy w dow doy day'.split())
        for t in times(zone):
            shown = t.replace(tzinfo=timezone.utc).astimezone(zone).replace(tzinfo=None)
            # Python's arithmetic between zones is that of UTC; fold 0 is the first of two.
            seconds = int((t.replace(tzinfo=zone) - epoch).total_seconds())
            iso = shown.isocalendar()
            rows.writerow([text(t) + 'Z', text(shown), text(t), seconds, shown.year, shown.month,
                           shown.day, shown.hour, shown.minute, iso[0], iso[1],
                           shown.isoweekday() % 7, shown.timetuple().tm_yday,
                           text(shown)[:10]])
    texts = ', '.join(c + ' TEXT' for c in ('utc', 'shown', 'local', 'day'))
    sql = f"""SET time_zone = '{name}';
    CREATE TABLE times FROM '{path}' ({texts});
    SELECT utc, shown, t, local, seconds, epoch(local::timestamp) FROM
      (SELECT *, utc::timestamp AS t FROM times)
    WHERE t::text <> shown OR epoch(local::timestamp) <> seconds OR year(t) <> y OR month(t) <> mo
      OR day(t) <> d OR extract(hour FROM t) <> h OR minute(t) <> mi OR isoyear(t) <> iy
      OR week(t) <> w OR dayofweek(t) <> dow OR dayofyear(t) <> doy OR t::date <> day::date
      OR strftime(t, '%F %T') <> shown OR date_trunc('day', t) > t;
    SELECT count(*) FROM times;"""
    answer = subprocess.run([muster, '--format', 'csv', '-c', sql], capture_output=True, text=True)
    lines = answer.stdout.strip().split('\n')
    if answer.returncode != 0 or len(lines) != 3 or int(lines[2]) < 1000:
        print(name, answer.stderr, *lines[:6], sep='\n')
        wrong += 1
sys.exit(wrong > 0)
PY
python3 "$dir/oracle.py" "$muster" "$dir"
