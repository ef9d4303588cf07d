#!/usr/bin/env python3
"""Compares the answers of Sediment with those of SQLite and DuckDB over TPC-H of any size.

The queries are those of Tests/QueryEngineTests/Fixtures/queries.sql. SQLite needs nothing but
Python; DuckDB is asked when its module is there (`pip install duckdb`).

  tpchgen-cli csv -s 1 --tables=lineitem,orders,part,customer,partsupp --output-dir=CSV
  swift build -c release --product sediment
  Benchmarks/check_answers.py --csv CSV --work /tmp/answers

What is made in the folder of --work (a store and an SQLite database) is used again by the next run.
Exits with 1 when an answer differs.
"""

import argparse
import csv
import pathlib
import subprocess
import sys
import time
from decimal import Decimal

ROOT = pathlib.Path(__file__).resolve().parent.parent
FIXTURES = ROOT / "Tests/QueryEngineTests/Fixtures"
sys.path.insert(0, str(FIXTURES))
sys.dont_write_bytecode = True

import fixture_data  # noqa: E402


def load_store(sediment, folder, store):
    for table in fixture_data.TABLES:
        is_own = table == "readings"
        source = (FIXTURES if is_own else folder) / f"{table}.csv"
        mapping = ROOT / f"Benchmarks/inputs/{'' if is_own else 'tpch-'}{table}.yaml"
        subprocess.run(
            [sediment, "load", store, "--input", source, "--mapping", mapping,
             "--rows-per-load", "100000"], check=True)


def load_sqlite(folder, path):
    partial = path.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    database = fixture_data.connect(partial)
    database.execute("pragma journal_mode = off")
    database.execute("pragma synchronous = off")
    fixture_data.load(database, folder)
    database.close()
    partial.rename(path)


def open_duckdb(folder):
    try:
        import duckdb
    except ImportError:
        return None
    database = duckdb.connect()
    for table, columns in fixture_data.TABLES.items():
        kinds = {0: "bigint", 2: "decimal(15,2)", "float": "double", "bool": "boolean"}
        types = {name: kinds.get(kind, "varchar") for name, kind in columns.items()}
        dates = {name: "date" for name in types if name.endswith("date")}
        if table == "readings":
            dates = {"at": "timestamp"}
        source = (FIXTURES if table == "readings" else folder) / f"{table}.csv"
        described = ", ".join(f"'{name}': '{kind}'" for name, kind in (types | dates).items())
        database.execute(
            f"create table {table} as select * from "
            f"read_csv('{source}', header = true, columns = {{{described}}})")
    database.execute("set default_null_order = 'nulls_first_on_asc_last_on_desc'")
    return database


def ask_sediment(sediment, store, query, threads):
    started = time.perf_counter()
    done = subprocess.run(
        [sediment, "query", store, query.statement, "--csv", "--threads", str(threads)],
        capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip())
    rows = list(csv.reader(done.stdout.splitlines()))[1:]
    return rows, time.perf_counter() - started


def ask_duckdb(database, query):
    def shown(value, kind):
        if value is None:
            return ""
        if kind == "bool":
            return "true" if value else "false"
        return str(value)

    started = time.perf_counter()
    rows = database.execute(query.statement).fetchall()
    texts = [[shown(v, kind) for v, kind in zip(row, query.types, strict=True)] for row in rows]
    return texts, time.perf_counter() - started


def ask_sqlite(database, query):
    started = time.perf_counter()
    return fixture_data.answer(database, query), time.perf_counter() - started


def is_same(a, b, kind):
    if a == b:
        return True
    if "" in (a, b) or kind in ("text", "bool"):
        return False
    if kind == "float":
        return abs(float(a) - float(b)) <= 1e-9 * max(1, abs(float(b)))
    return Decimal(a) == Decimal(b)


def difference(rows, others, types):
    """The first difference in words; None when there is none."""
    if len(rows) != len(others):
        return f"{len(rows)} rows, not {len(others)}"
    for number, (row, other) in enumerate(zip(rows, others), 1):
        for place, (a, b, kind) in enumerate(zip(row, other, types, strict=True), 1):
            if not is_same(a, b, kind):
                return f"row {number}, column {place}: {a}, not {b}"
    return None


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--csv", required=True, type=pathlib.Path, help="folder of the CSV files")
    parser.add_argument("--work", required=True, type=pathlib.Path, help="folder to work in")
    parser.add_argument(
        "--sediment", type=pathlib.Path, default=ROOT / ".build/release/sediment")
    parser.add_argument("--threads", type=int, default=2, help="of Sediment")
    parser.add_argument("--only", help="queries whose name contains this")
    options = parser.parse_args()

    options.work.mkdir(parents=True, exist_ok=True)
    store, path = options.work / "store", options.work / "tpch.sqlite"
    if not store.exists():
        load_store(options.sediment, options.csv, store)
    if not path.exists():
        load_sqlite(options.csv, path)
    sqlite, duckdb = fixture_data.connect(path), open_duckdb(options.csv)

    differences = 0
    print(f"{'query':34} {'rows':>6} {'Sediment s':>10} {'SQLite s':>9} {'DuckDB s':>9}  answers")
    for query in fixture_data.queries():
        if options.only and options.only not in query.name:
            continue
        rows, own = ask_sediment(options.sediment, store, query, options.threads)
        expected, other = ask_sqlite(sqlite, query)
        found = [("SQLite", difference(rows, expected, query.types))]
        third = ""
        if duckdb:
            answer, seconds = ask_duckdb(duckdb, query)
            third = f"{seconds:.3f}"
            found.append(("DuckDB", difference(rows, answer, query.types)))
        wrong = [f"{name}: {text}" for name, text in found if text]
        differences += len(wrong)
        print(
            f"{query.name:34} {len(rows):6} {own:10.3f} {other:9.3f} {third:>9}  "
            f"{'; '.join(wrong) or 'equal'}", flush=True)
    print(f"{differences} differences" if differences else "all answers are equal")
    sys.exit(1 if differences else 0)


if __name__ == "__main__":
    main()
