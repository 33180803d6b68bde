-- Paths of 3 events after a view
-- Customers from their first view in the last quarter of 2022 (of events in one second the one named first): their next
-- three events of any kind until the end of the year, by time and name. For each of the three steps how many customers
-- went from which event to which; the ten largest, equal ones by name.
SELECT step, "from" AS from_event, "to" AS to_event, customers
FROM paths(events, start => event = 'view', node => event, steps => 3, where => ts < '2023-01-01', since => '2022-10-01')
WHERE to_kind = 'node'
QUALIFY row_number() OVER (PARTITION BY step ORDER BY customers DESC, "from", "to") <= 10
ORDER BY step, customers DESC, from_event, to_event
