#!/usr/bin/env python3
"""Times small durable loads into Sediment, DuckDB, RocksDB and SQLite, on one disk, in one run.

One client loads orders of ten columns, 100 or 1 000 rows at a time; every load is on disk before
the next begins. The rows are made before anything is timed; each system gets them in the form that
it takes fastest, and the systems take turns. Sediment is timed by its own program; its loads are
sorted, encoded in columns and can be queried at once. DuckDB inserts from a registered Arrow table,
one transaction a load. RocksDB gets a write batch of packed keys and rows, with `sync`; that is a
row store without types, and its batches are packed before the clock starts. SQLite inserts prepared
rows with WAL and `synchronous=FULL`.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install duckdb pyarrow rocksdict
    swift build -c release --product bench-main
    /tmp/venv/bin/python Benchmarks/compare_commit.py
"""

import argparse
import csv
import io
import os
import random
import sqlite3
import statistics
import struct
import subprocess
import tempfile
import time

STATUSES = ["created", "paid", "packed", "shipped", "delivered", "returned", "cancelled"]
CITIES = [f"city-{number}" for number in range(200)]
SCHEMA = (
    "user_id bigint not null, order_time timestamp not null, order_id bigint not null, "
    "status varchar not null, city varchar not null, product_id integer not null, "
    "quantity smallint not null, amount decimal(12, 2) not null, coupon varchar, "
    "is_gift boolean not null")
NAMES = [column.split()[0] for column in SCHEMA.replace("12, 2", "12.2").split(", ")]


def make_loads(row_count, load_count):
    """Rows as tuples, skewed as those of the workload `orders`."""
    chance = random.Random(1)
    order = 0
    loads = []
    for _ in range(load_count):
        rows = []
        for _ in range(row_count):
            order += 1
            late = chance.randrange(2_000_001)
            rows.append((
                int(1_000_000 ** chance.random()), 1_767_225_600_000_000 + order * 10 - late, order,
                STATUSES[int(7 * chance.random() ** 2)], CITIES[int(200 * chance.random() ** 2)],
                int(50_000 ** chance.random()), int(9 * chance.random() ** 3) + 1,
                chance.randrange(100, 100_000),
                f"coupon-{chance.randrange(50)}" if chance.random() < 0.15 else None,
                chance.random() < 0.05))
        loads.append(rows)
    return loads


def run_for(seconds, row_count, load_count, load):
    """Rows per second of `load(index)`, called again and again."""
    start = time.perf_counter()
    done = 0
    while time.perf_counter() - start < seconds:
        load(done % load_count)
        done += 1
    return done * row_count / (time.perf_counter() - start)


def time_duckdb(loads, folder, seconds):
    import decimal
    import duckdb
    import pyarrow as pa

    schema = pa.schema([
        ("user_id", pa.int64()), ("order_time", pa.timestamp("us")), ("order_id", pa.int64()),
        ("status", pa.string()), ("city", pa.string()), ("product_id", pa.int32()),
        ("quantity", pa.int16()), ("amount", pa.decimal128(12, 2)), ("coupon", pa.string()),
        ("is_gift", pa.bool_())])

    def table(rows):
        columns = [list(column) for column in zip(*rows)]
        columns[7] = [decimal.Decimal(cents).scaleb(-2) for cents in columns[7]]
        return pa.table([pa.array(c, f.type) for c, f in zip(columns, schema)], schema=schema)

    tables = [table(rows) for rows in loads]
    db = duckdb.connect(os.path.join(folder, "duck.db"), config={"threads": 1})
    db.execute(f"create table orders ({SCHEMA})")
    for index, rows in enumerate(tables):
        db.register(f"load{index}", rows)
    rate = run_for(
        seconds, len(loads[0]), len(loads),
        lambda index: db.execute(f"insert into orders select * from load{index}"))
    db.close()
    return rate


def time_rocksdb(loads, folder, seconds):
    from rocksdict import Options, Rdict, WriteBatch, WriteOptions

    def packed(number, row):
        # The number of the load keeps keys apart when rows are sent again.
        key = struct.pack(">QQQI", row[0], row[1], row[2], number)
        texts = "\0".join([row[3], row[4], row[8] or ""]).encode()
        return key, struct.pack("<ihq?", row[5], row[6], row[7], row[9]) + texts

    def batch(number, rows):
        writes = WriteBatch(raw_mode=True)
        for row in rows:
            writes.put(*packed(number, row))
        return writes

    options = Options(raw_mode=True)
    options.create_if_missing(True)
    sync = WriteOptions()
    sync.sync = True
    db = Rdict(os.path.join(folder, "rocks"), options=options)
    # A batch is used up by writing it; making as many as may be needed is not timed.
    done = 0
    spent = 0.0
    row_count = len(loads[0])
    while spent < seconds:
        batches = [batch(done + index, rows) for index, rows in enumerate(loads)]
        start = time.perf_counter()
        for writes in batches:
            db.write(writes, sync)
        spent += time.perf_counter() - start
        done += len(batches)
    db.close()
    return done * row_count / spent


def time_sqlite(loads, folder, seconds):
    db = sqlite3.connect(os.path.join(folder, "lite.db"), isolation_level=None)
    db.execute("pragma journal_mode = wal")
    db.execute("pragma synchronous = full")
    db.execute(f"create table orders ({SCHEMA})")
    insert = f"insert into orders values ({', '.join('?' * len(NAMES))})"

    def load(index):
        db.execute("begin")
        db.executemany(insert, loads[index])
        db.execute("commit")

    rate = run_for(seconds, len(loads[0]), len(loads), load)
    db.close()
    return rate


def time_sediment(program, folder, seconds):
    """By rows of a load: without compaction, and with it."""
    command = [program, "commit", "--only", "one-writer", "--rounds", "1", "--seconds",
               str(seconds), "--data", os.path.join(folder, "sediment"), "--csv", "-"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return {
        line["variant"]: float(line["median"])
        for line in csv.DictReader(io.StringIO(text)) if line["figure"] == "rows/s"}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=".build/release/bench-main")
    parser.add_argument("--folder", default=tempfile.gettempdir(), help="on the disk in question")
    parser.add_argument("--rounds", type=int, default=5, help="turns that each system gets")
    parser.add_argument("--seconds", type=float, default=2, help="of each turn")
    options = parser.parse_args()

    others = {"duckdb": time_duckdb, "rocksdb": time_rocksdb, "sqlite": time_sqlite}
    counts = [100, 1000]
    loads = {count: make_loads(count, 32) for count in counts}
    rates = {}
    for _ in range(options.rounds):
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            ours = time_sediment(options.program, folder, options.seconds)
        for count in counts:
            for suffix in ["", ", compaction"]:
                rates.setdefault((f"sediment{suffix}", count), []).append(
                    ours[f"{count} rows{suffix}"])
            for name, run in others.items():
                with tempfile.TemporaryDirectory(dir=options.folder) as folder:
                    rates.setdefault((name, count), []).append(
                        run(loads[count], folder, options.seconds))
    report(options, counts, rates)


def report(options, counts, rates):
    print(f"one client, every load durable, {options.rounds} rounds of {options.seconds:g} s")
    print(f"{'':22}{'rows a load':>12}{'rows/s':>12}{'from-to':>22}{'ratio':>8}")
    for count in counts:
        ours = statistics.median(rates["sediment", count])
        for (name, of), found in rates.items():
            if of == count:
                middle = statistics.median(found)
                spread = f"{min(found):.0f}-{max(found):.0f}"
                print(f"{name:22}{count:12}{middle:12.0f}{spread:>22}{ours / middle:8.2f}")
    print("ratio: rows/s of the first line of as many rows divided by theirs")


if __name__ == "__main__":
    main()
