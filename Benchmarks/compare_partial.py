#!/usr/bin/env python3
"""Times durable updates of some columns of a table of 2 000 in Sediment and DuckDB, on one disk, in one
run.

One client updates rows of users by key, 1 000 different ones a commit: ten columns of them, and whole rows.
Every commit is on disk before the next begins; batches are made before anything is timed. DuckDB takes them
from registered Arrow tables (`update ... from` by key, with and without an index on it, and `insert or
replace` of whole rows), Sediment is timed by its own program, with compaction beside it.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install duckdb pyarrow numpy
    swift build -c release --product bench-main
    /tmp/venv/bin/python Benchmarks/compare_partial.py
"""

import argparse
import csv
import io
import os
import statistics
import subprocess
import tempfile
import time

import duckdb
import numpy as np
import pyarrow as pa

SEGMENTS = ["new", "active", "loyal", "at risk", "dormant", "lost", "won back", "business"]
SQL = ["integer", "integer", "bigint", "double", "decimal(12, 2)", "varchar"]
# The columns of the second stream of product360.
UPDATED = range(51, 61)


def values(position, count, chance):
    kind = position % 6
    if kind in (0, 1):
        return pa.array(chance.integers(0, 100_000, count), pa.int32())
    if kind == 2:
        return pa.array(chance.integers(0, 100_000, count), pa.int64())
    if kind == 3:
        return pa.array(chance.integers(0, 10_000, count) / 64, pa.float64())
    if kind == 4:
        return pa.array(chance.integers(0, 10_000, count) / 64, pa.float64()).cast(
            pa.decimal128(12, 2), safe=False)
    return pa.array([SEGMENTS[i] for i in chance.integers(0, len(SEGMENTS), count)])


def rows(positions, users, chance):
    columns = {"user_id": pa.array(users, pa.int64())}
    for position in positions:
        columns[f"feature_{position}"] = values(position, len(users), chance)
    return pa.table(columns)


def run_for(seconds, work):
    times = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or not times:
        start = time.perf_counter()
        work(len(times))
        times.append(time.perf_counter() - start)
    return times


def time_duckdb(arguments, folder, has_key):
    chance = np.random.default_rng(1)
    everything = range(1, arguments.columns)
    path = os.path.join(folder, "duck-key.db" if has_key else "duck.db")
    db = duckdb.connect(path, config={"threads": 1})
    fields = ", ".join(f"feature_{i} {SQL[i % 6]}" for i in everything)
    db.execute(f"create table users (user_id bigint {'primary key' if has_key else ''}, {fields})")
    base = rows(everything, np.arange(1, arguments.users + 1), chance)
    db.register("base", base)
    db.execute("insert into users select * from base")
    db.execute("checkpoint")
    def batch(positions):
        users = chance.choice(arguments.users, arguments.batch, replace=False) + 1
        return rows(positions, users, chance)
    for index in range(8):
        db.register(f"some{index}", batch(UPDATED))
    changes = ", ".join(f"feature_{i} = s.feature_{i}" for i in UPDATED)
    some = run_for(
        arguments.seconds,
        lambda turn: db.execute(
            f"update users set {changes} from some{turn % 8} s where users.user_id = s.user_id"))
    found = {"10 columns": some}
    if has_key:
        for index in range(2):
            db.register(f"whole{index}", batch(everything))
        found["whole rows"] = run_for(
            arguments.seconds,
            lambda turn: db.execute(f"insert or replace into users select * from whole{turn % 2}"))
    db.close()
    return found


def time_sediment(arguments, folder):
    command = [
        arguments.bench, "partial", "--rounds", "1", "--seconds", str(arguments.seconds), "--users",
        str(arguments.users), "--columns", str(arguments.columns), "--batch", str(arguments.batch), "--only",
        "whole", "--only", "stream", "--data", os.path.join(folder, "sediment"), "--csv", "-"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return {
        (row["part"], row["figure"]): float(row["median"])
        for row in csv.DictReader(io.StringIO(text)) if row["variant"] == "writing"}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", default=".build/release/bench-main")
    parser.add_argument("--users", type=int, default=20_000)
    parser.add_argument("--columns", type=int, default=2000)
    parser.add_argument("--batch", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--data", help="a folder on the disk in question")
    arguments = parser.parse_args()
    found = {}
    for _ in range(arguments.rounds):
        with tempfile.TemporaryDirectory(dir=arguments.data) as folder:
            sediment = time_sediment(arguments, folder)
            for part, name in [
                    ("whole rows", "sediment, whole rows"),
                    ("10 columns, rewrite", "sediment, 10 columns, rewrite"),
                    ("10 columns, delta", "sediment, 10 columns, delta")]:
                found.setdefault(name, []).append(
                    (sediment[part, "rows/s"], sediment[part, "commit p99, ms"]))
            for has_key in (False, True):
                for part, times in time_duckdb(arguments, folder, has_key).items():
                    name = f"duckdb, {part}" + (", primary key" if has_key else "")
                    found.setdefault(name, []).append(
                        (arguments.batch * len(times) / sum(times),
                         1000 * sorted(times)[int(len(times) * 0.99)]))
    print(f"{arguments.users} users, {arguments.columns} columns, {arguments.batch} keys a commit, "
          f"{arguments.rounds} rounds; medians")
    print(f"{'':36}{'rows/s':>10}{'from-to':>20}{'p99 ms':>10}")
    for name, figures in found.items():
        rates = [rate for rate, _ in figures]
        p99 = statistics.median(late for _, late in figures)
        spread = f"{min(rates):.0f}-{max(rates):.0f}"
        print(f"{name:36}{statistics.median(rates):>10.0f}{spread:>20}{p99:>10.1f}")


if __name__ == "__main__":
    main()
