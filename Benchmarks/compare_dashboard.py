#!/usr/bin/env python3
"""Asks Sediment and DuckDB what dashboards ask while one writer changes rows, on one disk.

One writer upserts loads of 1 000 orders, each on disk before the next begins; nine of ten rows
are for orders that are there, chosen by Zipf's law. Four clients ask, each the next question as
soon as it is answered: orders by status of a user, revenue by city over a stretch of time, the ten
products with most revenue and the distinct users in one, orders with a word in their note, an order
by its number, a product by its number; each kind equally often. A stretch holds --span orders.
Nothing that was answered is kept. Sediment is asked by its own program (`bench dashboard`), with
compaction beside it; DuckDB gets prepared statements on a connection for each client, Arrow tables
to replace rows from, a primary key, and as many threads as there are cores. With --load-rate the
writer begins a load at fixed times, without it as soon as the one before is done.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install duckdb pyarrow numpy
    swift build -c release --product bench-main
    /tmp/venv/bin/python Benchmarks/compare_dashboard.py --rows 1000000 --seconds 15
"""

import argparse
import csv
import glob
import os
import random
import statistics
import subprocess
import tempfile
import threading
import time

import numpy as np

PRODUCTS = 10_000
CITIES = [f"city {number}" for number in range(50)]
STATUSES = ["created", "paid", "shipped", "delivered", "cancelled", "refunded"]
SYLLABLES = [
    "ba", "ce", "di", "fo", "gu", "ha", "je", "ki", "lo", "mu", "na", "pe", "qi", "ro", "su", "ta",
    "ve", "wi", "xo", "yu", "za", "bre", "cli", "dro"]
WORDS = [a + b + "n" for a in SYLLABLES for b in SYLLABLES]
START = 1_767_225_600_000_000
KINDS = [
    "count_by_status", "revenue_by_city", "top_products", "distinct_users", "text_match",
    "point_lookup", "dimension_lookup"]
SCHEMA = (
    "order_id bigint primary key, user_id bigint not null, order_time timestamp not null, "
    "status varchar not null, city varchar not null, product_id integer not null, "
    "quantity smallint not null, amount decimal(12, 2) not null, note varchar not null")
QUERIES = {
    "count_by_status": "select status, count(*) from orders where user_id = ? group by status",
    "revenue_by_city":
        "select city, sum(amount) from orders where order_time between make_timestamp(?) "
        "and make_timestamp(?) group by city",
    "top_products":
        "select product_id, sum(amount) as revenue from orders where order_time between "
        "make_timestamp(?) and make_timestamp(?) group by product_id order by revenue desc "
        "limit 10",
    "distinct_users":
        "select count(distinct user_id) from orders where order_time between make_timestamp(?) "
        "and make_timestamp(?)",
    "text_match": "select count(*) from orders where contains(note, ?)",
    "point_lookup": "select * from orders where order_id = ?",
    "dimension_lookup": "select * from products where product_id = ?",
}


def zipf(count, exponent):
    weights = 1 / np.arange(1, count + 1) ** exponent
    return np.cumsum(weights) / weights.sum()


class Orders:
    """Rows with the distributions of `bench dashboard`."""

    def __init__(self, tenants, seed):
        self.chance = np.random.default_rng(seed)
        self.users = zipf(tenants, 0.9)
        self.products = zipf(PRODUCTS, 0.8)
        self.cities = zipf(len(CITIES), 0.8)
        self.words = zipf(len(WORDS), 1)
        self.ranks = zipf(1 << 20, 0.9)

    def draw(self, cumulative, count):
        return np.searchsorted(cumulative, self.chance.random(count))

    def table(self, keys):
        import pyarrow as pa

        keys = np.unique(keys)
        count = len(keys)
        quantities = self.chance.integers(1, 6, count)
        cents = self.chance.integers(99, 50_099, count) * quantities
        words = self.draw(self.words, (count, 6))
        return pa.table({
            "order_id": pa.array(keys),
            "user_id": pa.array(self.draw(self.users, count) + 1),
            "order_time": pa.array(START + keys * 10).cast(pa.timestamp("us")),
            "status": pa.array(STATUSES).take(pa.array(self.chance.integers(0, 6, count))),
            "city": pa.array(CITIES).take(pa.array(self.draw(self.cities, count))),
            "product_id": pa.array((self.draw(self.products, count) + 1).astype(np.int32)),
            "quantity": pa.array(quantities.astype(np.int16)),
            "cents": pa.array(cents),
            "note": pa.array([" ".join(WORDS[word] for word in row) for row in words]),
        })

    def changes(self, known, count):
        """Keys of a load: a tenth of them new."""
        new = max(1, count // 10)
        ranks = self.draw(self.ranks, count - new).astype(np.uint64)
        spread = (ranks * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(32)
        old = (spread * np.uint64(known)) >> np.uint64(32)
        return np.concatenate([known + 1 + np.arange(new), old.astype(np.int64) + 1])


INSERT = (
    "insert or replace into orders select order_id, user_id, order_time, status, city, product_id, "
    "quantity, (cents / 100)::decimal(12, 2), note from ")


def parameters(kind, rows, span, tenants, chance):
    if kind == "count_by_status":
        return [int(tenants ** chance.random())]
    if kind == "text_match":
        return [chance.choice(WORDS[100:])]
    if kind == "point_lookup":
        return [chance.randint(1, rows)]
    if kind == "dimension_lookup":
        return [chance.randint(1, PRODUCTS)]
    last = rows - chance.randrange(rows // 2)
    return [START + (last - span) * 10, START + last * 10]


def run_duckdb(options, folder):
    import duckdb

    db = duckdb.connect(os.path.join(folder, "duck.db"))
    db.execute(f"create table orders ({SCHEMA})")
    db.execute(
        "create table products as select i::integer as product_id, 'product ' || i as name, "
        f"(i % 40)::integer as category, 99 + i as price from range(1, {PRODUCTS + 1}) t(i)")
    db.execute("alter table products add primary key (product_id)")
    orders = Orders(options.tenants, 1)
    for start in range(0, options.rows, 100_000):
        db.register("base", orders.table(
            np.arange(start + 1, min(options.rows, start + 100_000) + 1)))
        db.execute(INSERT + "base")
    db.execute("checkpoint")
    known = options.rows
    loads = []
    for _ in range(200):
        loads.append(orders.table(orders.changes(known, options.load_rows)))
        known += max(1, options.load_rows // 10)
    end = time.perf_counter() + options.seconds
    failures = []
    written = [0]
    latencies = {kind: [] for kind in KINDS}

    def write():
        cursor = db.cursor()
        for index, load in enumerate(loads):
            cursor.register(f"load{index}", load)
        begin = time.perf_counter()
        count = 0
        try:
            while time.perf_counter() < end:
                if options.load_rate:
                    wait = begin + count / options.load_rate - time.perf_counter()
                    if wait > 0:
                        time.sleep(wait)
                cursor.execute(INSERT + f"load{count % len(loads)}")
                count += 1
                written[0] = count * options.load_rows
        except Exception as error:
            failures.append(error)

    def ask(number):
        cursor = db.cursor()
        chance = random.Random(number)
        try:
            while time.perf_counter() < end:
                kind = chance.choice(KINDS)
                values = parameters(
                    kind, options.rows, options.span, options.tenants, chance)
                start = time.perf_counter()
                cursor.execute(QUERIES[kind], values).fetchall()
                latencies[kind].append(time.perf_counter() - start)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=write)]
    threads += [threading.Thread(target=ask, args=(number,)) for number in range(options.clients)]
    begin = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - begin
    db.close()
    if failures:
        raise failures[0]
    every = sorted(value for values in latencies.values() for value in values)
    figures = {
        "rows/s": written[0] / seconds, "queries/s": len(every) / seconds,
        "p50 ms": every[len(every) // 2] * 1e3, "p99 ms": every[len(every) * 99 // 100] * 1e3}
    for kind, values in latencies.items():
        figures[f"{kind} p50 ms"] = statistics.median(values) * 1e3 if values else float("nan")
    return figures


def run_sediment(options, folder):
    out = os.path.join(folder, "out")
    command = [
        options.program, "dashboard", "--seconds", str(options.seconds), "--preload",
        str(options.rows), "--rows-per-load", str(options.load_rows), "--readers",
        str(options.clients), "--span-rows", str(options.span), "--tenants",
        str(options.tenants), "--load-rate", str(options.load_rate), "--out", out, "--data",
        os.path.join(folder, "data")]
    subprocess.run(command, check=True, capture_output=True, text=True)
    run = glob.glob(os.path.join(out, "*"))[0]
    with open(os.path.join(run, "summary.csv")) as file:
        row = next(csv.DictReader(file))
    figures = {
        "rows/s": float(row["rows_per_s"]), "queries/s": float(row["queries_per_s"]),
        "p50 ms": float(row["query_p50_ms"]), "p99 ms": float(row["query_p99_ms"])}
    with open(os.path.join(run, "operations.csv")) as file:
        for row in csv.DictReader(file):
            if row["kind"] in KINDS:
                figures[f"{row['kind']} p50 ms"] = float(row["p50_ms"])
    return figures


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=".build/release/bench-main")
    parser.add_argument("--folder", default=tempfile.gettempdir(), help="on the disk in question")
    parser.add_argument("--rounds", type=int, default=3, help="turns that each system gets")
    parser.add_argument("--seconds", type=float, default=15, help="of each turn")
    parser.add_argument("--rows", type=int, default=1_000_000, help="orders at the beginning")
    parser.add_argument("--load-rows", type=int, default=1000)
    parser.add_argument(
        "--load-rate", type=float, default=0, help="loads a second; 0 for as many as there can be")
    parser.add_argument("--clients", type=int, default=4, help="that ask")
    parser.add_argument("--span", type=int, default=10_000, help="orders in a stretch of time")
    parser.add_argument("--tenants", type=int, default=100_000)
    parser.add_argument("--systems", nargs="*", default=["sediment", "duckdb"])
    options = parser.parse_args()
    systems = {"sediment": run_sediment, "duckdb": run_duckdb}
    found = {}
    for _ in range(options.rounds):
        for name in options.systems:
            with tempfile.TemporaryDirectory(dir=options.folder) as folder:
                found.setdefault(name, []).append(systems[name](options, folder))
    names = list(found[options.systems[0]][0])
    print(f"{options.clients} clients that ask, one that writes {options.load_rows} rows a load, "
          f"{options.rows} orders, medians of {options.rounds} rounds of {options.seconds:g} s")
    print(f"{'':24}" + "".join(f"{name:>12}" for name in options.systems))
    for figure in names:
        values = [statistics.median(turn[figure] for turn in found[name]) for name in found]
        print(f"{figure:24}" + "".join(f"{value:12.2f}" for value in values))


if __name__ == "__main__":
    main()
