#!/usr/bin/env python3
"""Times the queries of `bench scan` on DuckDB and Polars, beside Sediment, in one run.

Each system holds all of TPC-H lineitem before the clock starts (DuckDB and Polars in memory,
Sediment in its files with a warm cache) and uses the same number of threads.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install duckdb polars
    swift build -c release --product bench-main
    /tmp/venv/bin/python Benchmarks/compare_scan.py --csv lineitem.csv --data STORE
"""

import argparse
import csv
import io
import os
import statistics
import subprocess
import time

SQL = {
    "q1": """
        select l_returnflag, l_linestatus, sum(l_quantity), sum(l_extendedprice),
          sum(l_extendedprice * (1 - l_discount)),
          sum(l_extendedprice * (1 - l_discount) * (1 + l_tax)),
          avg(l_quantity), avg(l_extendedprice), avg(l_discount), count(*)
        from lineitem where l_shipdate <= date '1998-09-02' group by all order by 1, 2""",
    "q6": """
        select sum(l_extendedprice * l_discount) from lineitem
        where l_shipdate >= date '1994-01-01' and l_shipdate < date '1995-01-01'
          and l_discount between 0.05 and 0.07 and l_quantity < 24""",
    "filter-count": """
        select count(*) from lineitem
        where l_quantity < 5 and l_discount >= 0.05 and l_shipdate >= date '1995-01-01'""",
    "sum": "select sum(l_extendedprice) from lineitem",
    "group-7": "select l_shipmode, count(*), sum(l_quantity) from lineitem group by 1 order by 1",
    "group-200k": """
        select l_partkey, sum(l_quantity) as q from lineitem
        group by 1 order by q desc, l_partkey limit 10""",
}


def timed(run, repeat):
    run()
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        run()
        times.append((time.perf_counter() - start) * 1e3)
    return times


def duckdb_runs(path, threads):
    import duckdb

    db = duckdb.connect(config={"threads": threads})
    numbers = ["l_quantity", "l_extendedprice", "l_discount", "l_tax"]
    types = ", ".join(f"'{name}': 'DECIMAL(15,2)'" for name in numbers)
    db.execute(
        f"create table lineitem as select * from read_csv('{path}', types = {{{types}}})")
    return f"DuckDB {duckdb.__version__}", {
        name: (lambda sql=sql: db.execute(sql).fetchall()) for name, sql in SQL.items()}


def polars_queries(pl, table):
    col = pl.col
    price = col("l_extendedprice") * (1 - col("l_discount"))
    day = lambda text: pl.lit(text).str.to_date()
    lazy = table.lazy()
    q1 = lazy.filter(col("l_shipdate") <= day("1998-09-02"))
    q1 = q1.group_by("l_returnflag", "l_linestatus").agg(
        col("l_quantity").sum().alias("sum_qty"),
        col("l_extendedprice").sum().alias("sum_base_price"),
        price.sum().alias("sum_disc_price"),
        (price * (1 + col("l_tax"))).sum().alias("sum_charge"),
        col("l_quantity").mean().alias("avg_qty"),
        col("l_extendedprice").mean().alias("avg_price"),
        col("l_discount").mean().alias("avg_disc"),
        pl.len(),
    )
    q6 = lazy.filter(
        (col("l_shipdate") >= day("1994-01-01")) & (col("l_shipdate") < day("1995-01-01"))
        & col("l_discount").is_between(0.05, 0.07) & (col("l_quantity") < 24))
    selective = lazy.filter(
        (col("l_quantity") < 5) & (col("l_discount") >= 0.05)
        & (col("l_shipdate") >= day("1995-01-01")))
    modes = lazy.group_by("l_shipmode").agg(pl.len(), col("l_quantity").sum())
    parts = lazy.group_by("l_partkey").agg(col("l_quantity").sum())
    return {
        "q1": q1.sort("l_returnflag", "l_linestatus"),
        "q6": q6.select((col("l_extendedprice") * col("l_discount")).sum()),
        "filter-count": selective.select(pl.len()),
        "sum": lazy.select(col("l_extendedprice").sum()),
        "group-7": modes.sort("l_shipmode"),
        "group-200k": parts.sort(
            "l_quantity", "l_partkey", descending=[True, False]).limit(10),
    }


def polars_runs(path, threads):
    os.environ["POLARS_MAX_THREADS"] = str(threads)
    import polars as pl

    # Decimals are doubles here, which is what Polars is usually given and fastest at.
    table = pl.read_csv(path, try_parse_dates=True).rechunk()
    queries = polars_queries(pl, table)
    return f"Polars {pl.__version__}", {name: query.collect for name, query in queries.items()}


def sediment(options, *arguments):
    command = [options.program, "scan", "--data", options.data]
    command += ["--threads", str(options.threads), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def check_answers(options, expected):
    """Ends the program when Sediment's answers differ from `expected`, rows by query."""
    for part in sediment(options, "--answers").split("# ")[1:]:
        name, _, text = part.partition("\n")
        found = list(csv.reader(io.StringIO(text)))[1:]
        rows = [[str(value) for value in row] for row in expected[name]()]
        same = len(found) == len(rows) and all(
            is_close(a, b) for x, y in zip(found, rows) for a, b in zip(x, y))
        if not same:
            raise SystemExit(f"{name}: answers differ\n  {found[:3]}\n  {rows[:3]}")


def is_close(a, b):
    try:
        return abs(float(a) - float(b)) <= 1e-9 * max(1, abs(float(a)))
    except ValueError:
        return a == b


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--csv", required=True, help="lineitem.csv with a header")
    parser.add_argument("--data", required=True, help="the store it was loaded into")
    parser.add_argument("--program", default=".build/release/bench-main")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=5, help="runs of a query in each round")
    parser.add_argument("--rounds", type=int, default=3, help="turns that each system gets")
    options = parser.parse_args()

    others = [duckdb_runs(options.csv, options.threads), polars_runs(options.csv, options.threads)]
    check_answers(options, others[0][1])
    ours = {name: [] for name in SQL}
    ceiling = {name: [] for name in SQL}
    times = {system: {name: [] for name in SQL} for system, _ in others}
    # The systems take turns, so that whatever else the machine does meets all of them.
    for _ in range(options.rounds):
        text = sediment(options, "--repeat", str(options.repeat), "--csv", "-")
        for row in csv.DictReader(io.StringIO(text)):
            ours[row["query"]].append(float(row["median_ms"]))
            ceiling[row["query"]].append(float(row["percent_of_ceiling"]))
        for system, runs in others:
            for name, run in runs.items():
                times[system][name].append(statistics.median(timed(run, options.repeat)))

    header = f"{'median ms':14}{'Sediment':>10}{'from-to':>16}{'% memory':>10}"
    print(header + "".join(f"{system:>16}{'from-to':>16}{'ratio':>8}" for system, _ in others))
    for name in SQL:
        middle = statistics.median(ours[name])
        line = f"{name:14}{middle:10.2f}{spread(ours[name]):>16}"
        line += f"{statistics.median(ceiling[name]):10.1f}"
        for system, _ in others:
            theirs = times[system][name]
            other = statistics.median(theirs)
            line += f"{other:16.2f}{spread(theirs):>16}{other / middle:8.2f}"
        print(line)
    print("medians of the rounds' medians; ratio: their time divided by Sediment's,")
    print("so above 1 Sediment is faster; answers agree with the first of the others")


def spread(times):
    return f"{min(times):.1f}-{max(times):.1f}"


if __name__ == "__main__":
    main()
