#!/usr/bin/env python3
"""Times durable upserts into Sediment, RocksDB, DuckDB, SQLite and chDB, on one disk, in one run.

One client changes states of orders, ten columns by an integer key: 80 of 100 rows are for orders
that are there, chosen by Zipf's law, the others are new. Every commit is on disk before the next
begins. The rows are made before anything is timed; each system gets them in the form that it takes
fastest, and the systems take turns. Sediment is timed by its own program, with compaction beside it:
its commits are sorted, encoded in columns, and leave one row of each key to scans. RocksDB gets write
batches of packed rows, with `sync`: a row store without types, which leaves older rows to its readers.
DuckDB replaces rows from a registered Arrow table, SQLite with WAL and `synchronous=FULL`. chDB
(ClickHouse in the process) inserts an Arrow table into a ReplacingMergeTree with `fsync_after_insert`
and `fsync_part_directory`: an insert leaves older rows of its keys in place, for merges and for
readers who say FINAL.

Beside the times stand the bytes that the kernel was given to write to the disk (`write_bytes` of
/proc/PID/io, whole pages), over the bytes of the rows as RocksDB gets them: key and packed columns.
Each system is asked for the timed stretch and its closing; what it would compact later is not in it,
for RocksDB not even what is in its memtable.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install duckdb pyarrow rocksdict numpy chdb
    swift build -c release --product bench-main
    /tmp/venv/bin/python Benchmarks/compare_upsert.py
"""

import argparse
import csv
import io
import os
import sqlite3
import statistics
import struct
import subprocess
import tempfile
import time

import numpy as np

from compare_commit import CITIES, STATUSES

SCHEMA = (
    "order_id bigint primary key, user_id bigint not null, order_time timestamp not null, "
    "status varchar not null, city varchar not null, product_id integer not null, "
    "quantity smallint not null, amount decimal(12, 2) not null, coupon varchar, "
    "is_gift boolean not null")
WIDTH = 10
ZIPF_RANKS = 1 << 20
ZIPF_EXPONENT = 0.9


class Orders:
    """Rows as tuples, keys as those of `bench upsert`."""

    def __init__(self, known, seed=1):
        self.known = known
        self.chance = np.random.default_rng(seed)
        weights = 1 / np.arange(1, ZIPF_RANKS + 1) ** ZIPF_EXPONENT
        self.cumulative = np.cumsum(weights) / weights.sum()

    def load(self, count, hits=0.8):
        chance = self.chance
        ranks = np.searchsorted(self.cumulative, chance.random(count))
        keys = (ranks * 648_055 % ZIPF_RANKS) % self.known + 1
        new = chance.random(count) >= hits
        keys[new] = self.known + 1 + np.arange(new.sum())
        self.known += int(new.sum())
        users = (1_000_000 ** chance.random(count)).astype(int)
        products = (50_000 ** chance.random(count)).astype(int)
        cents = chance.integers(100, 100_000, count)
        statuses = (7 * chance.random(count) ** 2).astype(int)
        cities = (200 * chance.random(count) ** 2).astype(int)
        quantities = (9 * chance.random(count) ** 3).astype(int) + 1
        coupons = chance.integers(0, 333, count)
        return [
            (int(keys[i]), int(users[i]), 1_767_225_600_000_000 + int(keys[i]) * 10,
             STATUSES[statuses[i]], CITIES[cities[i]], int(products[i]), int(quantities[i]),
             int(cents[i]), f"coupon-{coupons[i]}" if coupons[i] < 50 else None,
             bool(coupons[i] < 17))
            for i in range(count)]


def packed(row):
    """A row as RocksDB stores it."""
    texts = "\0".join([row[3], row[4], row[8] or ""]).encode()
    return struct.pack(">Q", row[0]), struct.pack(
        "<qqihq?", row[1], row[2], row[5], row[6], row[7], row[9]) + texts


def logical_bytes(rows):
    return sum(len(part) for row in rows for part in packed(row))


def device_bytes():
    """What this process has given the kernel to write to disks."""
    with open("/proc/self/io") as file:
        return int(dict(line.split(": ") for line in file)["write_bytes"])


def run_for(seconds, load_count, load):
    """Seconds of each call of `load(index)`, called again and again."""
    times = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter()
        load(len(times) % load_count)
        times.append(time.perf_counter() - start)
    return times


def time_rocksdb(base, loads, folder, seconds):
    from rocksdict import Options, Rdict, WriteBatch, WriteOptions

    def batch(rows):
        writes = WriteBatch(raw_mode=True)
        for row in rows:
            writes.put(*packed(row))
        return writes

    options = Options(raw_mode=True)
    options.create_if_missing(True)
    sync = WriteOptions()
    sync.sync = True
    db = Rdict(os.path.join(folder, "rocks"), options=options)
    for start in range(0, len(base), 10_000):
        db.write(batch(base[start:start + 10_000]))
    times = []
    before = device_bytes()
    while sum(times) < seconds:
        # A batch is used up by writing it; making it is not timed.
        for writes in [batch(rows) for rows in loads]:
            start = time.perf_counter()
            db.write(writes, sync)
            times.append(time.perf_counter() - start)
    db.close()
    return times, device_bytes() - before


def arrow_table(rows):
    import decimal
    import pyarrow as pa

    schema = pa.schema([
        ("order_id", pa.int64()), ("user_id", pa.int64()), ("order_time", pa.timestamp("us")),
        ("status", pa.string()), ("city", pa.string()), ("product_id", pa.int32()),
        ("quantity", pa.int16()), ("amount", pa.decimal128(12, 2)), ("coupon", pa.string()),
        ("is_gift", pa.bool_())])
    # One statement takes no key twice.
    rows = list({row[0]: row for row in rows}.values())
    columns = [list(column) for column in zip(*rows)]
    columns[7] = [decimal.Decimal(cents).scaleb(-2) for cents in columns[7]]
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, schema)], schema=schema)


def time_duckdb(base, loads, folder, seconds):
    import duckdb

    db = duckdb.connect(os.path.join(folder, "duck.db"), config={"threads": 1})
    db.execute(f"create table states ({SCHEMA})")
    db.register("base", arrow_table(base))
    db.execute("insert into states select * from base")
    for index, rows in enumerate(loads):
        db.register(f"load{index}", arrow_table(rows))
    before = device_bytes()
    times = run_for(
        seconds, len(loads),
        lambda index: db.execute(f"insert or replace into states select * from load{index}"))
    db.close()
    return times, device_bytes() - before


def time_sqlite(base, loads, folder, seconds):
    db = sqlite3.connect(os.path.join(folder, "lite.db"), isolation_level=None)
    db.execute("pragma journal_mode = wal")
    db.execute("pragma synchronous = full")
    db.execute(f"create table states ({SCHEMA})")
    replace = f"insert or replace into states values ({', '.join('?' * WIDTH)})"

    def load(rows):
        db.execute("begin")
        db.executemany(replace, rows)
        db.execute("commit")

    load(base)
    before = device_bytes()
    times = run_for(seconds, len(loads), lambda index: load(loads[index]))
    db.close()
    return times, device_bytes() - before


def time_chdb(base, loads, folder, seconds):
    """One insert is one part, on disk when it returns."""
    from chdb import session

    db = session.Session(os.path.join(folder, "chdb"))
    db.query("create database if not exists bench")
    db.query(
        "create table bench.states (order_id Int64, user_id Int64, order_time DateTime64(6), "
        "status LowCardinality(String), city LowCardinality(String), product_id Int32, "
        "quantity Int16, amount Decimal(12, 2), coupon Nullable(String), is_gift Bool) "
        "engine = ReplacingMergeTree order by order_id "
        "settings fsync_after_insert = 1, fsync_part_directory = 1")

    def load(rows):
        # The query finds the argument by its name.
        db.query("insert into bench.states select * from Python(rows)")

    load(arrow_table(base))
    arrows = [arrow_table(rows) for rows in loads]
    before = device_bytes()
    times = run_for(seconds, len(arrows), lambda index: load(arrows[index]))
    db.close()
    return times, device_bytes() - before


def time_sediment(options, folder):
    """By rows of a commit and figure: its median."""
    command = [
        options.program, "upsert", "--only", "upsert", "--rounds", "1", "--seconds",
        str(options.seconds), "--rows", str(options.rows), "--policy", options.policy, "--data",
        os.path.join(folder, "sediment"), "--csv", "-"]
    for count in options.batch:
        command += ["--batch", str(count)]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = {}
    for line in csv.DictReader(io.StringIO(text)):
        found[int(line["variant"].split()[0]), line["figure"]] = float(line["median"])
    return found


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=".build/release/bench-main")
    parser.add_argument("--folder", default=tempfile.gettempdir(), help="on the disk in question")
    parser.add_argument("--rounds", type=int, default=3, help="turns that each system gets")
    parser.add_argument("--seconds", type=float, default=3, help="of each turn")
    parser.add_argument("--rows", type=int, default=300_000, help="orders there at the beginning")
    parser.add_argument("--policy", default="gradient:min_deltas=50", help="of Sediment")
    parser.add_argument(
        "--peers", nargs="*", default=["rocksdb", "duckdb", "sqlite", "chdb"],
        help="the others; all unless told")
    parser.add_argument("--batch", type=int, nargs="+", default=[100, 1000, 10_000])
    options = parser.parse_args()

    base = Orders(1).load(options.rows, hits=0)
    loads = {}
    for count in options.batch:
        orders = Orders(options.rows, seed=2)
        loads[count] = [orders.load(count) for _ in range(max(8, 100_000 // count))]
    known = {"rocksdb": time_rocksdb, "duckdb": time_duckdb, "sqlite": time_sqlite,
             "chdb": time_chdb}
    width = logical_bytes(base) / len(base)
    found = {}

    def note(count, name, rate, p99, written):
        found.setdefault((count, name), []).append((rate, p99, written))

    for _ in range(options.rounds):
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            ours = time_sediment(options, folder)
        for count in options.batch:
            note(count, "sediment", ours[count, "rows/s"], ours[count, "load p99, ms"],
                 ours[count, "device bytes a row"] / width)
            for name in options.peers:
                with tempfile.TemporaryDirectory(dir=options.folder) as folder:
                    times, written = known[name](base, loads[count], folder, options.seconds)
                rows = len(times) * count
                times.sort()
                note(count, name, rows / sum(times), times[len(times) * 99 // 100] * 1e3,
                     written / (rows * width))
    report(options, width, found)


def report(options, width, found):
    print(f"one client, every commit durable, {options.rows} orders at the beginning, "
          f"{options.rounds} rounds of {options.seconds:g} s, {width:.1f} bytes a row")
    print(f"{'':10}{'rows a commit':>14}{'rows/s':>10}{'from-to':>20}{'p99 ms':>8}"
          f"{'device':>8}{'ratio':>7}")
    for (count, name), rounds in found.items():
        rates, slowest, written = (sorted(values) for values in zip(*rounds))
        middle = statistics.median(rates)
        ours = statistics.median(rate for rate, _, _ in found[count, "sediment"])
        spread = f"{rates[0]:.0f}-{rates[-1]:.0f}"
        print(f"{name:10}{count:14}{middle:10.0f}{spread:>20}{statistics.median(slowest):8.2f}"
              f"{statistics.median(written):8.2f}{ours / middle:7.2f}")
    print("device: bytes given to the disk for each byte of the rows; "
          "ratio: rows/s of Sediment divided by theirs")


if __name__ == "__main__":
    main()
