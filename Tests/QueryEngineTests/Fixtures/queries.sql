-- Queries over TPC-H and a table with nulls, each with the statement that gives the same answer in
-- SQLite, where a decimal is an integer of its last digit, a date a text and a boolean 0 or 1.
-- `types` says what each column is: text, bool, float, or the number of digits after the point.

-- name: q01_pricing_summary
-- types: text text 2 2 4 6 float float float 0
select l_returnflag, l_linestatus, sum(l_quantity) as sum_qty,
  sum(l_extendedprice) as sum_base_price,
  sum(l_extendedprice * (1 - l_discount)) as sum_disc_price,
  sum(l_extendedprice * (1 - l_discount) * (1 + l_tax)) as sum_charge,
  avg(l_quantity) as avg_qty, avg(l_extendedprice) as avg_price, avg(l_discount) as avg_disc,
  count(*) as count_order
from lineitem
where l_shipdate <= date '1998-12-01' - interval '90' day
group by l_returnflag, l_linestatus
order by l_returnflag, l_linestatus;
-- sqlite:
select l_returnflag, l_linestatus, sum(l_quantity), sum(l_extendedprice),
  sum(l_extendedprice * (100 - l_discount)),
  sum(l_extendedprice * (100 - l_discount) * (100 + l_tax)),
  avg(l_quantity) / 100, avg(l_extendedprice) / 100, avg(l_discount) / 100, count(*)
from lineitem where l_shipdate <= '1998-09-02'
group by 1, 2 order by 1, 2;

-- name: q02_cheapest_suppliers
-- types: 0 2 0
select ps_partkey, min(ps_supplycost) as cost, count(*) as offers
from partsupp
group by ps_partkey
having min(ps_supplycost) >= 400
order by cost desc, ps_partkey
limit 20;
-- sqlite:
select ps_partkey, min(ps_supplycost), count(*) from partsupp
group by 1 having min(ps_supplycost) >= 40000 order by 2 desc, 1 limit 20;

-- name: q03_unshipped_revenue
-- types: 0 4
select l_orderkey, sum(l_extendedprice * (1 - l_discount)) as revenue
from lineitem
where l_shipdate > date '1995-03-15'
group by l_orderkey
order by revenue desc, l_orderkey
limit 10;
-- sqlite:
select l_orderkey, sum(l_extendedprice * (100 - l_discount)) from lineitem
where l_shipdate > '1995-03-15' group by 1 order by 2 desc, 1 limit 10;

-- name: q03_orders_by_day
-- types: text 0 0 2
select o_orderdate, o_shippriority, count(*), sum(o_totalprice)
from orders
where o_orderdate < date '1995-03-15' and o_orderdate >= date '1995-03-15' - interval '2' month
group by o_orderdate, o_shippriority
order by o_orderdate;
-- sqlite:
select o_orderdate, o_shippriority, count(*), sum(o_totalprice) from orders
where o_orderdate < '1995-03-15' and o_orderdate >= '1995-01-15' group by 1, 2 order by 1;

-- name: q04_order_priority
-- types: text 0
select o_orderpriority, count(*) as order_count
from orders
where o_orderdate >= date '1993-07-01' and o_orderdate < date '1993-07-01' + interval '3' month
group by o_orderpriority
order by o_orderpriority;
-- sqlite:
select o_orderpriority, count(*) from orders
where o_orderdate >= '1993-07-01' and o_orderdate < '1993-10-01' group by 1 order by 1;

-- name: q04_late_lines
-- types: text 0 text text
select l_shipmode, count(*), min(l_receiptdate), max(l_commitdate)
from lineitem
where l_commitdate < l_receiptdate
group by l_shipmode
order by l_shipmode;
-- sqlite:
select l_shipmode, count(*), min(l_receiptdate), max(l_commitdate) from lineitem
where l_commitdate < l_receiptdate group by 1 order by 1;

-- name: q05_customers_by_nation
-- types: 0 0 2 float
select c_nationkey, count(*), sum(c_acctbal), avg(c_acctbal)
from customer
where c_mktsegment in ('BUILDING', 'AUTOMOBILE', 'no such segment')
group by c_nationkey
order by 3 desc, 1;
-- sqlite:
select c_nationkey, count(*), sum(c_acctbal), avg(c_acctbal) / 100 from customer
where c_mktsegment in ('BUILDING', 'AUTOMOBILE') group by 1 order by 3 desc, 1;

-- name: q06_forecast_revenue
-- types: 4
select sum(l_extendedprice * l_discount) as revenue
from lineitem
where l_shipdate >= date '1994-01-01' and l_shipdate < date '1994-01-01' + interval '1' year
  and l_discount between 0.06 - 0.01 and 0.06 + 0.01 and l_quantity < 24;
-- sqlite:
select sum(l_extendedprice * l_discount) from lineitem
where l_shipdate >= '1994-01-01' and l_shipdate < '1995-01-01'
  and l_discount between 5 and 7 and l_quantity < 2400;

-- name: q07_volume_by_year
-- types: 0 text 4 0
select extract(year from l_shipdate) as l_year, l_linestatus,
  sum(l_extendedprice * (1 - l_discount)) as volume, count(*)
from lineitem
where l_shipdate between date '1995-01-01' and date '1996-12-31'
group by extract(year from l_shipdate), l_linestatus
order by l_year, l_linestatus;
-- sqlite:
select cast(substr(l_shipdate, 1, 4) as integer), l_linestatus,
  sum(l_extendedprice * (100 - l_discount)), count(*) from lineitem
where l_shipdate between '1995-01-01' and '1996-12-31' group by 1, 2 order by 1, 2;

-- name: q08_share_of_urgent
-- types: 0 2 float
select year(o_orderdate) as o_year,
  sum(case when o_orderpriority = '1-URGENT' then o_totalprice else 0 end) as urgent,
  sum(case when o_orderpriority = '1-URGENT' then o_totalprice else 0 end) / sum(o_totalprice)
    as share
from orders
group by o_year
order by o_year;
-- sqlite:
select cast(substr(o_orderdate, 1, 4) as integer),
  sum(case when o_orderpriority = '1-URGENT' then o_totalprice else 0 end),
  sum(case when o_orderpriority = '1-URGENT' then o_totalprice else 0 end) * 1.0
    / sum(o_totalprice)
from orders group by 1 order by 1;

-- name: q09_profit_by_supplier_and_year
-- types: 0 0 4
select l_suppkey, extract(year from l_shipdate), sum(l_extendedprice * (1 - l_discount))
from lineitem
where l_suppkey <= 25
group by 1, 2
order by 1, 2 desc;
-- sqlite:
select l_suppkey, cast(substr(l_shipdate, 1, 4) as integer),
  sum(l_extendedprice * (100 - l_discount)) from lineitem
where l_suppkey <= 25 group by 1, 2 order by 1, 2 desc;

-- name: q10_best_customers
-- types: 0 2 0 text
select o_custkey, sum(o_totalprice), count(*), max(o_orderdate)
from orders
where o_orderstatus <> 'P'
group by o_custkey
order by sum(o_totalprice) desc, o_custkey
limit 20;
-- sqlite:
select o_custkey, sum(o_totalprice), count(*), max(o_orderdate) from orders
where o_orderstatus <> 'P' group by 1 order by 2 desc, 1 limit 20;

-- name: q11_important_stock
-- types: 0 2
select ps_partkey, sum(ps_supplycost * ps_availqty) as value
from partsupp
group by ps_partkey
having sum(ps_supplycost * ps_availqty) > 15000000
order by value desc, ps_partkey
limit 50;
-- sqlite:
select ps_partkey, sum(ps_supplycost * ps_availqty) from partsupp
group by 1 having sum(ps_supplycost * ps_availqty) > 1500000000 order by 2 desc, 1 limit 50;

-- name: q12_shipping_modes
-- types: text 0 0
select l_shipmode, count(*) filter (where l_linenumber <= 2) as first_lines,
  count(*) filter (where not l_linenumber <= 2) as later_lines
from lineitem
where l_shipmode in ('MAIL', 'SHIP') and l_commitdate < l_receiptdate
  and l_shipdate < l_commitdate and l_receiptdate >= date '1994-01-01'
  and l_receiptdate < date '1994-01-01' + interval '1' year
group by l_shipmode
order by l_shipmode;
-- sqlite:
select l_shipmode, sum(l_linenumber <= 2), sum(l_linenumber > 2) from lineitem
where l_shipmode in ('MAIL', 'SHIP') and l_commitdate < l_receiptdate
  and l_shipdate < l_commitdate and l_receiptdate >= '1994-01-01'
  and l_receiptdate < '1995-01-01'
group by 1 order by 1;

-- name: q13_frequent_customers
-- types: 0 0
select o_custkey, count(*) as c_count
from orders
group by o_custkey
having count(*) between 20 and 40
order by c_count desc, o_custkey desc
limit 30;
-- sqlite:
select o_custkey, count(*) from orders
group by 1 having count(*) between 20 and 40 order by 2 desc, 1 desc limit 30;

-- name: q14_promotion_share
-- types: float 2 0
select 100.00 * sum(case when p_type >= 'PROMO' and p_type < 'PROMP' then p_retailprice else 0 end)
    / sum(p_retailprice) as promo,
  sum(p_retailprice) filter (where p_type >= 'PROMO' and p_type < 'PROMP'), count(*)
from part;
-- sqlite:
select 100.0 * sum(case when p_type >= 'PROMO' and p_type < 'PROMP' then p_retailprice else 0 end)
    / sum(p_retailprice),
  sum(case when p_type >= 'PROMO' and p_type < 'PROMP' then p_retailprice end), count(*)
from part;

-- name: q15_top_suppliers
-- types: 0 4
select l_suppkey as supplier_no, sum(l_extendedprice * (1 - l_discount)) as total_revenue
from lineitem
where l_shipdate >= date '1996-01-01' and l_shipdate < date '1996-01-01' + interval '3' month
group by l_suppkey
order by total_revenue desc, supplier_no
limit 5;
-- sqlite:
select l_suppkey, sum(l_extendedprice * (100 - l_discount)) from lineitem
where l_shipdate >= '1996-01-01' and l_shipdate < '1996-04-01'
group by 1 order by 2 desc, 1 limit 5;

-- name: q16_parts_by_kind
-- types: text text 0 0
select p_brand, p_type, p_size, count(*) as parts
from part
where p_brand <> 'Brand#45' and p_size in (49, 14, 23, 45, 19, 3, 36, 9)
group by p_brand, p_type, p_size
order by parts desc, p_brand, p_type, p_size
limit 100;
-- sqlite:
select p_brand, p_type, p_size, count(*) from part
where p_brand <> 'Brand#45' and p_size in (49, 14, 23, 45, 19, 3, 36, 9)
group by 1, 2, 3 order by 4 desc, 1, 2, 3 limit 100;

-- name: q16_suppliers_of_parts
-- types: 0 0 0
select count(distinct ps_partkey), count(distinct ps_suppkey), count(distinct ps_availqty)
from partsupp
where not (ps_availqty between 1000 and 2000 or ps_supplycost > 900.5);
-- sqlite:
select count(distinct ps_partkey), count(distinct ps_suppkey), count(distinct ps_availqty)
from partsupp where not (ps_availqty between 1000 and 2000 or ps_supplycost > 90050);

-- name: q17_small_quantities
-- types: 0 float 2
select l_partkey, 0.2 * avg(l_quantity) as limit_quantity, sum(l_extendedprice)
from lineitem
where l_partkey between 50 and 80
group by l_partkey
order by l_partkey;
-- sqlite:
select l_partkey, 0.2 * avg(l_quantity) / 100, sum(l_extendedprice) from lineitem
where l_partkey between 50 and 80 group by 1 order by 1;

-- name: q18_large_orders
-- types: 0 2
select l_orderkey, sum(l_quantity)
from lineitem
group by l_orderkey
having sum(l_quantity) > 250
order by 2 desc, 1
limit 100;
-- sqlite:
select l_orderkey, sum(l_quantity) from lineitem
group by 1 having sum(l_quantity) > 25000 order by 2 desc, 1 limit 100;

-- name: q19_discounted_revenue
-- types: 4 0
select sum(l_extendedprice * (1 - l_discount)) as revenue, count(*)
from lineitem
where (l_quantity >= 1 and l_quantity <= 1 + 10 and l_shipmode in ('AIR', 'REG AIR')
    and l_shipinstruct = 'DELIVER IN PERSON')
  or (l_quantity between 10 and 20 and l_shipmode = 'AIR' and l_tax < 0.04)
  or (l_quantity >= 20 and l_quantity <= 30 and l_shipinstruct <> 'NONE' and l_discount = 0.1);
-- sqlite:
select sum(l_extendedprice * (100 - l_discount)), count(*) from lineitem
where (l_quantity between 100 and 1100 and l_shipmode in ('AIR', 'REG AIR')
    and l_shipinstruct = 'DELIVER IN PERSON')
  or (l_quantity between 1000 and 2000 and l_shipmode = 'AIR' and l_tax < 4)
  or (l_quantity between 2000 and 3000 and l_shipinstruct <> 'NONE' and l_discount = 10);

-- name: q20_excess_stock
-- types: 0 0 3
select l_partkey, l_suppkey, 0.5 * sum(l_quantity) as half
from lineitem
where l_shipdate >= date '1994-01-01' and l_shipdate < date '1994-01-01' + interval '1' year
group by l_partkey, l_suppkey
having sum(l_quantity) >= 40
order by half desc, l_partkey, l_suppkey
limit 40;
-- sqlite:
select l_partkey, l_suppkey, 5 * sum(l_quantity) from lineitem
where l_shipdate >= '1994-01-01' and l_shipdate < '1995-01-01'
group by 1, 2 having sum(l_quantity) >= 4000 order by 3 desc, 1, 2 limit 40;

-- name: q21_waiting_suppliers
-- types: 0 0
select l_suppkey, count(*) as numwait
from lineitem
where l_receiptdate > l_commitdate and l_linestatus = 'F'
group by l_suppkey
order by numwait desc, l_suppkey
limit 100;
-- sqlite:
select l_suppkey, count(*) from lineitem
where l_receiptdate > l_commitdate and l_linestatus = 'F' group by 1 order by 2 desc, 1 limit 100;

-- name: q22_global_sales
-- types: text 0 2
select substring(c_phone from 1 for 2) as cntrycode, count(*) as numcust,
  sum(c_acctbal) as totacctbal
from customer
where substring(c_phone, 1, 2) in ('13', '31', '23', '29', '30', '18', '17') and c_acctbal > 0.00
group by cntrycode
order by cntrycode;
-- sqlite:
select substr(c_phone, 1, 2), count(*), sum(c_acctbal) from customer
where substr(c_phone, 1, 2) in ('13', '31', '23', '29', '30', '18', '17') and c_acctbal > 0
group by 1 order by 1;

-- name: q23_distinct_values
-- types: 0 0 0 0 0 0 0
select count(distinct l_orderkey), count(distinct l_partkey), count(distinct l_shipmode),
  count(distinct l_shipdate), count(distinct l_extendedprice), count(distinct l_comment),
  count(distinct l_discount)
from lineitem;
-- sqlite:
select count(distinct l_orderkey), count(distinct l_partkey), count(distinct l_shipmode),
  count(distinct l_shipdate), count(distinct l_extendedprice), count(distinct l_comment),
  count(distinct l_discount)
from lineitem;

-- name: q24_distinct_by_group
-- types: text text 0 0 0
select l_returnflag, l_shipinstruct, count(distinct l_suppkey), count(distinct l_shipmode),
  count(distinct l_receiptdate) filter (where l_quantity > 45)
from lineitem
group by l_returnflag, l_shipinstruct
order by l_shipinstruct desc, l_returnflag;
-- sqlite:
select l_returnflag, l_shipinstruct, count(distinct l_suppkey), count(distinct l_shipmode),
  count(distinct case when l_quantity > 4500 then l_receiptdate end)
from lineitem group by 1, 2 order by 2 desc, 1;

-- name: q25_extremes
-- types: 0 0 2 text text text text 0 0
select min(l_orderkey), max(l_orderkey), max(l_extendedprice), min(l_shipdate), max(l_receiptdate),
  min(l_shipmode), max(l_comment), count(*), count(l_comment)
from lineitem;
-- sqlite:
select min(l_orderkey), max(l_orderkey), max(l_extendedprice), min(l_shipdate), max(l_receiptdate),
  min(l_shipmode), max(l_comment), count(*), count(l_comment)
from lineitem;

-- name: q25_extremes_by_group
-- types: text text text 2 2 4 4
select o_orderpriority, min(o_orderdate), max(o_clerk), min(o_totalprice), max(o_totalprice),
  min(o_totalprice * 0.05), max(o_totalprice * (1 - 0.25))
from orders
group by o_orderpriority
order by o_orderpriority desc;
-- sqlite:
select o_orderpriority, min(o_orderdate), max(o_clerk), min(o_totalprice), max(o_totalprice),
  min(o_totalprice * 5), max(o_totalprice * 75)
from orders group by 1 order by 1 desc;

-- name: q26_distinct_rows
-- types: text text text
select distinct l_shipmode, l_returnflag, l_linestatus
from lineitem
where l_quantity = 7 or l_shipdate = date '1995-06-17'
order by l_shipmode, l_returnflag, l_linestatus;
-- sqlite:
select distinct l_shipmode, l_returnflag, l_linestatus from lineitem
where l_quantity = 700 or l_shipdate = '1995-06-17' order by 1, 2, 3;

-- name: q27_top_rows
-- types: 0 0 4 text
select l_orderkey, l_linenumber, l_extendedprice * (1 - l_discount) as net, l_shipdate
from lineitem
where l_shipmode = 'TRUCK'
order by l_extendedprice desc, l_orderkey, l_linenumber
limit 10 offset 5;
-- sqlite:
select l_orderkey, l_linenumber, l_extendedprice * (100 - l_discount), l_shipdate from lineitem
where l_shipmode = 'TRUCK' order by l_extendedprice desc, 1, 2 limit 10 offset 5;

-- name: q27_top_computed
-- types: 0 0 4
select l_orderkey, l_linenumber, l_extendedprice * l_tax as tax
from lineitem
where l_shipdate < date '1992-03-01'
order by tax desc, l_orderkey, l_linenumber
limit 12;
-- sqlite:
select l_orderkey, l_linenumber, l_extendedprice * l_tax from lineitem
where l_shipdate < '1992-03-01' order by 3 desc, 1, 2 limit 12;

-- name: q28_three_keys
-- types: 0 text 0 0 2
select month(l_shipdate) as m, l_shipmode, l_linenumber, count(*), sum(l_quantity)
from lineitem
where extract(year from l_shipdate) = 1996
group by m, l_shipmode, l_linenumber
order by m, l_shipmode, l_linenumber;
-- sqlite:
select cast(substr(l_shipdate, 6, 2) as integer), l_shipmode, l_linenumber, count(*),
  sum(l_quantity)
from lineitem where substr(l_shipdate, 1, 4) = '1996' group by 1, 2, 3 order by 1, 2, 3;

-- name: q29_keys_with_many_values
-- types: text text 0
select o_clerk, o_orderstatus, count(*)
from orders
where o_clerk between 'Clerk#000000100' and 'Clerk#000000899'
  and not (o_orderstatus = 'O' or o_totalprice < 1000)
group by o_clerk, o_orderstatus
order by 3 desc, 1, 2
limit 60;
-- sqlite:
select o_clerk, o_orderstatus, count(*) from orders
where o_clerk between 'Clerk#000000100' and 'Clerk#000000899'
  and not (o_orderstatus = 'O' or o_totalprice < 100000)
group by 1, 2 order by 3 desc, 1, 2 limit 60;

-- name: q30_computed_condition
-- types: 0 2
select count(*), sum(l_quantity)
from lineitem
where l_extendedprice * l_discount > 5000.5 and l_quantity - 40 >= l_linenumber;
-- sqlite:
select count(*), sum(l_quantity) from lineitem
where l_extendedprice * l_discount > 50005000 and l_quantity - 4000 >= l_linenumber * 100;

-- name: q31_nulls_by_station
-- types: text 0 0 0 0 float float 2 2
select station, count(*), count(level), count(temperature), count(distinct quality),
  avg(temperature), sum(temperature), sum(level), min(level)
from readings
group by station
order by station;
-- sqlite:
select station, count(*), count(level), count(temperature), count(distinct quality),
  avg(temperature), sum(temperature), sum(level), min(level)
from readings group by 1 order by 1;

-- name: q32_three_valued_logic
-- types: 0 0 0 0 0
select count(*) filter (where quality not in (1, 2)), count(*) filter (where level is null),
  count(*) filter (where not (level > 10 and quality = 3)),
  count(*) filter (where level > 10 or station is not null),
  count(*) filter (where quality not in (1, null))
from readings;
-- sqlite:
select sum(quality not in (1, 2)), sum(level is null),
  sum(not (level > 1000 and quality = 3)), sum(level > 1000 or station is not null),
  coalesce(sum(quality not in (1, null)), 0)
from readings;

-- name: q33_flags_and_times
-- types: bool 0 text text float 0
select is_valid, count(*), min("at"), max("at"), max(temperature), count(distinct station)
from readings
where "at" >= timestamp '2024-02-01 00:00:00' or "at" is null
group by is_valid
order by is_valid;
-- sqlite:
select is_valid, count(*), min(at), max(at), max(temperature), count(distinct station)
from readings where at >= '2024-02-01 00:00:00' or at is null group by 1 order by 1;

-- name: q34_nulls_in_keys
-- types: 0 bool 0 2
select quality, is_valid, count(*), max(level)
from readings
group by quality, is_valid
having count(*) > 5 and (max(level) > 20 or max(level) is null)
order by quality desc, is_valid;
-- sqlite:
select quality, is_valid, count(*), max(level) from readings
group by 1, 2 having count(*) > 5 and (max(level) > 2000 or max(level) is null)
order by 1 desc, 2;

-- name: q02_brass_parts
-- types: 0 text text
select p_partkey, p_mfgr, p_type
from part
where p_size between 10 and 20 and p_type like '%BRASS'
order by p_partkey
limit 30;
-- sqlite:
select p_partkey, p_mfgr, p_type from part
where p_size between 10 and 20 and p_type like '%BRASS' order by 1 limit 30;

-- name: q13_special_requests
-- types: text 0 2
select o_orderpriority, count(*), sum(o_totalprice) filter (where o_clerk like '%_00_00%9')
from orders
where o_comment not like '%special%requests%'
group by o_orderpriority
order by o_orderpriority;
-- sqlite:
select o_orderpriority, count(*), sum(case when o_clerk like '%_00_00%9' then o_totalprice end)
from orders where o_comment not like '%special%requests%' group by 1 order by 1;

-- name: q14_promotion_lines
-- types: float 0
select 100.00 * sum(case when p_type like 'PROMO%' then p_retailprice else 0 end)
    / sum(p_retailprice) as promo, count(*) filter (where p_name like '%green%' or p_name like 'f%')
from part;
-- sqlite:
select 100.0 * sum(case when p_type like 'PROMO%' then p_retailprice else 0 end)
    / sum(p_retailprice), sum(p_name like '%green%' or p_name like 'f%')
from part;

-- name: q16_kinds_of_parts
-- types: text 0 0
select p_brand, count(distinct p_type), count(*)
from part
where not p_type like 'MEDIUM POLISHED%' and p_container like '%B__'
group by p_brand
order by 2 desc, 1;
-- sqlite:
select p_brand, count(distinct p_type), count(*) from part
where not p_type like 'MEDIUM POLISHED%' and p_container like '%B__' group by 1 order by 2 desc, 1;
