#!/usr/bin/env python3
"""Times reading whole rows by key from Sediment, RocksDB and DuckDB, on one thread, in one run.

A table of orders, ten columns by an integer key, is asked for random rows of keys that are there, 1 to
1000 in a request; everything has been read before, and the systems take turns. Every system gives all
columns of each row.

Sediment is timed by its own program: no call of another language is in its figures. It has a row store
and a hash index, and gives the values of one row after the other (`sediment rows`), or columns of all
rows of a request (`sediment columns`). The others are called from Python, whose share is told apart:

- `rocksdb`: `get` of one key or a list, packed rows as bytes, which nothing takes apart; memtables are
  flushed and the range compacted before, and there is a Bloom filter;
- `rocksdb, unpacked`: the same, and each row is unpacked into its values by `struct`;
- `python` is what the same loop takes over a `dict` of the packed rows: about what Python alone costs;
- `duckdb`: `select * ... where order_id = ?`, or `in (?, ...)`, which its primary key answers; for
  more than 300 keys a join with an Arrow table of them, which scans the table and is faster then.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install duckdb pyarrow rocksdict numpy
    swift build -c release --product bench-main
    /tmp/venv/bin/python Benchmarks/compare_lookup.py
"""

import argparse
import csv
import io
import os
import statistics
import struct
import subprocess
import tempfile
import time

import numpy as np

from compare_upsert import SCHEMA, Orders

FIXED = struct.Struct("<qqihq?")
# Of `Orders(1)`.
FIRST_KEY = 2


def packed(row):
    texts = "\0".join([row[3], row[4], row[8] or ""]).encode()
    return FIXED.pack(row[1], row[2], row[5], row[6], row[7], row[9]) + texts


def unpacked(value):
    return FIXED.unpack_from(value), value[FIXED.size:].decode().split("\0")


def requests(rows, count, total, seed):
    chance = np.random.default_rng(seed)
    return (chance.integers(0, rows, (max(1, total // count), count)) + FIRST_KEY).tolist()


def timed(asked, look):
    """Seconds of each request, and of processor time of all of them."""
    times = []
    start = time.thread_time()
    for keys in asked:
        begin = time.perf_counter()
        look(keys)
        times.append(time.perf_counter() - begin)
    return times, time.thread_time() - start


class Dictionary:
    name = "python"

    def __init__(self, rows, folder):
        self.rows = {struct.pack(">Q", row[0]): packed(row) for row in rows}

    def prepare(self, keys):
        return [struct.pack(">Q", key) for key in keys]

    def look(self, keys):
        return [self.rows[key] for key in keys]


class Rocks(Dictionary):
    name = "rocksdb"

    def __init__(self, rows, folder):
        from rocksdict import BlockBasedOptions, Cache, Options, Rdict, WriteBatch
        options = Options(raw_mode=True)
        options.create_if_missing(True)
        blocks = BlockBasedOptions()
        blocks.set_bloom_filter(10, False)
        blocks.set_block_cache(Cache(512 << 20))
        options.set_block_based_table_factory(blocks)
        self.db = Rdict(os.path.join(folder, "rocks"), options=options)
        for start in range(0, len(rows), 10_000):
            batch = WriteBatch(raw_mode=True)
            for row in rows[start:start + 10_000]:
                batch.put(struct.pack(">Q", row[0]), packed(row))
            self.db.write(batch)
        self.db.flush()
        self.db.compact_range(None, None)

    def look(self, keys):
        if len(keys) == 1:
            return [self.db.get(keys[0])]
        return self.db.get(keys)


class UnpackedRocks(Rocks):
    name = "rocksdb, unpacked"

    def __init__(self, rocks):
        self.db = rocks.db

    def look(self, keys):
        return [unpacked(value) for value in super(UnpackedRocks, self).look(keys)]


class Duck:
    name = "duckdb"
    listed_keys_max = 300

    def __init__(self, rows, folder):
        import decimal
        import duckdb
        import pyarrow as pa
        self.pa = pa
        self.db = duckdb.connect(
            os.path.join(folder, "duck.db"), config={"threads": 1})
        self.db.execute(f"create table orders ({SCHEMA})")
        types = [
            pa.int64(), pa.int64(), pa.timestamp("us"), pa.string(), pa.string(), pa.int32(),
            pa.int16(), pa.decimal128(12, 2), pa.string(), pa.bool_()]
        columns = [list(column) for column in zip(*rows)]
        columns[7] = [decimal.Decimal(cents).scaleb(-2) for cents in columns[7]]
        base = pa.table(
            [pa.array(c, t) for c, t in zip(columns, types)],
            names=[f"c{index}" for index in range(len(types))])
        self.db.register("base", base)
        self.db.execute("insert into orders select * from base")
        self.db.execute("checkpoint")

    def prepare(self, keys):
        return keys

    def look(self, keys):
        if len(keys) == 1:
            return self.db.execute("select * from orders where order_id = ?", keys).fetchall()
        if len(keys) > self.listed_keys_max:
            self.db.register("asked", self.pa.table({"key": self.pa.array(keys, self.pa.int64())}))
            found = self.db.sql("select o.* from orders o join asked on order_id = key").fetchall()
            self.db.unregister("asked")
            return found
        marks = ", ".join("?" * len(keys))
        return self.db.execute(f"select * from orders where order_id in ({marks})", keys).fetchall()


def time_sediment(options, folder):
    """By result and keys of a request: keys/s, and nanoseconds of the median and of p99."""
    command = [
        options.program, "lookup", "--row-store", "none", "--rows", str(options.rows), "--keys",
        str(options.keys), "--data", folder, "--csv"]
    for count in options.batch:
        command += ["--batch", str(count)]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = {}
    for line in csv.DictReader(io.StringIO(text)):
        found[f"sediment {line['result']}", int(line["keys_per_request"])] = (
            float(line["keys_per_s"]), float(line["p50_ns"]) / 1e3, float(line["p99_ns"]) / 1e3)
    return found


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=".build/release/bench-main")
    parser.add_argument("--folder", default=tempfile.gettempdir(), help="for the stores")
    parser.add_argument("--rounds", type=int, default=3, help="turns that each system gets")
    parser.add_argument("--rows", type=int, default=1_000_000, help="of the table")
    parser.add_argument("--keys", type=int, default=100_000, help="looked up in each turn")
    parser.add_argument("--batch", type=int, nargs="+", default=[1, 10, 100, 1000])
    options = parser.parse_args()

    rows = Orders(FIRST_KEY - 1).load(options.rows, hits=0)
    found = {}
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        rocks = Rocks(rows, folder)
        systems = [Dictionary(rows, folder), rocks, UnpackedRocks(rocks), Duck(rows, folder)]
        check(systems, rows)
        del rows
        for turn in range(options.rounds):
            with tempfile.TemporaryDirectory(dir=options.folder) as own:
                for key, figures in time_sediment(options, own).items():
                    found.setdefault(key, []).append(figures)
            for count in options.batch:
                for system in systems:
                    total = options.keys
                    if isinstance(system, Duck):
                        total = min(total, 1000 * count)
                    asked = [
                        system.prepare(keys)
                        for keys in requests(options.rows, count, total, turn)]
                    timed(asked, system.look)
                    times, seconds = timed(asked, system.look)
                    times.sort()
                    found.setdefault((system.name, count), []).append((
                        len(times) * count / seconds, times[len(times) // 2] * 1e6,
                        times[len(times) * 99 // 100] * 1e6))
    report(options, found)


def check(systems, rows):
    """All of them find the rows."""
    sample = [rows[index] for index in range(0, len(rows), len(rows) // 10)][:10]
    for system in systems:
        found = system.look(system.prepare([row[0] for row in sample]))
        if isinstance(system, Duck):
            users = sorted(row[1] for row in found)
        elif isinstance(system, UnpackedRocks):
            users = sorted(fixed[0] for fixed, _ in found)
        else:
            users = sorted(FIXED.unpack_from(value)[0] for value in found)
        assert users == sorted(row[1] for row in sample), system.name


def report(options, found):
    print(f"one thread, {options.rows} orders, {options.keys} keys a turn, {options.rounds} rounds; "
          "medians of the rounds")
    print(f"{'':20}{'keys a request':>15}{'keys/s':>11}{'from-to':>20}{'p50 us':>10}{'p99 us':>10}"
          f"{'ratio':>8}")
    for count in options.batch:
        ours = max(
            statistics.median(figures[0] for figures in found[f"sediment {form}", count])
            for form in ("rows", "columns"))
        for (name, keys), figures in found.items():
            if keys != count:
                continue
            rates = [figure[0] for figure in figures]
            middle = statistics.median(rates)
            print(f"{name:20}{count:15}{middle:11.0f}{f'{min(rates):.0f}-{max(rates):.0f}':>20}"
                  f"{statistics.median(f[1] for f in figures):10.2f}"
                  f"{statistics.median(f[2] for f in figures):10.2f}{ours / middle:8.2f}")
    print("keys/s by processor time; ratio: those of the faster form of Sediment divided by theirs")


if __name__ == "__main__":
    main()
