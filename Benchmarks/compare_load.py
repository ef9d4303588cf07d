#!/usr/bin/env python3
"""Times loading TPC-H lineitem from its `.tbl` file into Sediment, DuckDB and Polars, in one run.

The file has `|` between fields and at the end of rows, and no header. Sediment and DuckDB load it
into a new table on disk, durable at the end (DuckDB with a checkpoint); Sediment sorts by key,
DuckDB does not. DuckDB and Polars also load into memory, which is less work. The file is in the
page cache; the systems take turns; all use the same number of threads.

    pip install tpchgen-cli && tpchgen-cli tbl --scale-factor 1 --tables lineitem
    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install duckdb polars
    swift build -c release --product sediment
    /tmp/venv/bin/python Benchmarks/compare_load.py --tbl lineitem.tbl
"""

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

COLUMNS = {
    "l_orderkey": "BIGINT", "l_partkey": "BIGINT", "l_suppkey": "BIGINT",
    "l_linenumber": "INTEGER", "l_quantity": "DECIMAL(15,2)", "l_extendedprice": "DECIMAL(15,2)",
    "l_discount": "DECIMAL(15,2)", "l_tax": "DECIMAL(15,2)", "l_returnflag": "VARCHAR",
    "l_linestatus": "VARCHAR", "l_shipdate": "DATE", "l_commitdate": "DATE",
    "l_receiptdate": "DATE", "l_shipinstruct": "VARCHAR", "l_shipmode": "VARCHAR",
    "l_comment": "VARCHAR",
}
HERE = os.path.dirname(os.path.abspath(__file__))
MAPPING = os.path.join(HERE, "inputs", "tpch-lineitem-tbl.yaml")


def load_duckdb(path, threads, target):
    import duckdb

    db = duckdb.connect(target, config={"threads": threads})
    # The file's last delimiter makes one more field, which is always null.
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in COLUMNS.items())
    start = time.perf_counter()
    db.execute("set preserve_insertion_order = false")
    db.execute(
        f"create table lineitem as select * exclude (nothing) from read_csv('{path}', delim = '|',"
        f" header = false, quote = '', escape = '', columns = {{{columns}, 'nothing': 'VARCHAR'}})")
    db.execute("checkpoint")
    seconds = time.perf_counter() - start
    print(answer(*db.execute("select count(*), sum(l_extendedprice) from lineitem").fetchone()))
    return seconds


def load_polars(path, threads):
    os.environ["POLARS_MAX_THREADS"] = str(threads)
    import polars as pl

    # Decimals are doubles here, which is what Polars is usually given and fastest at.
    kinds = {"BIGINT": pl.Int64, "INTEGER": pl.Int32, "VARCHAR": pl.String, "DATE": pl.Date}
    schema = {name: kinds.get(kind, pl.Float64) for name, kind in COLUMNS.items()}
    start = time.perf_counter()
    table = pl.read_csv(
        path, separator="|", has_header=False, quote_char=None,
        schema={**schema, "nothing": pl.String}, columns=list(range(len(COLUMNS))))
    seconds = time.perf_counter() - start
    print(answer(table.height, table["l_extendedprice"].sum()))
    return seconds


def answer(count, total):
    """What must be equal for all systems; sums of doubles are rounded to be so."""
    return f"loaded {count} {float(total):.2f}"


def run_other(name, options):
    """Loads in this process, which does nothing else, so that its CPU time is that of the load."""
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        if name == "polars-memory":
            seconds = load_polars(options.tbl, options.threads)
        else:
            disk = os.path.join(folder, "duck.db")
            target = disk if name == "duckdb-disk" else ":memory:"
            seconds = load_duckdb(options.tbl, options.threads, target)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(f"seconds {seconds} {usage.ru_utime + usage.ru_stime}")


def measure_other(name, options):
    """Seconds of the load and CPU seconds of its process, starting Python included."""
    command = [sys.executable, os.path.abspath(__file__), "--tbl", options.tbl, "--folder",
               options.folder, "--threads", str(options.threads), "--only", name]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    loaded = next(line for line in text.splitlines() if line.startswith("loaded "))
    times = next(line for line in text.splitlines() if line.startswith("seconds "))
    _, seconds, cpu = times.split()
    return float(seconds), float(cpu), loaded


def measure_sediment(policy, options):
    """From the start of the program to its end: compaction that has begun is waited for."""
    store = os.path.join(options.folder, "sediment-store")
    shutil.rmtree(store, ignore_errors=True)
    command = [options.program, "load", store, "--input", options.tbl, "--mapping", MAPPING,
               "--table", "lineitem", "--threads", str(options.threads), "--policy", policy]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    seconds = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    query = [options.program, "query", store, "--table", "lineitem", "--count", "--sum",
             "l_extendedprice", "--csv"]
    text = subprocess.run(query, check=True, capture_output=True, text=True).stdout
    shutil.rmtree(store)
    count, total = text.splitlines()[-1].split(",")
    return seconds, cpu, answer(count, total)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tbl", required=True, help="lineitem.tbl")
    parser.add_argument("--program", default=".build/release/sediment")
    parser.add_argument("--folder", default=tempfile.gettempdir(), help="where tables are made")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5, help="turns that each system gets")
    parser.add_argument("--only", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        return run_other(options.only, options)

    runs = {
        "sediment, no merges": lambda: measure_sediment("none", options),
        "sediment, gradient": lambda: measure_sediment("gradient", options),
        "duckdb-disk": lambda: measure_other("duckdb-disk", options),
        "duckdb-memory": lambda: measure_other("duckdb-memory", options),
        "polars-memory": lambda: measure_other("polars-memory", options),
    }
    with open(options.tbl, "rb") as file:
        while file.read(1 << 24):
            pass
    times = {name: [] for name in runs}
    cpus = {name: [] for name in runs}
    answers = set()
    # The systems take turns, so that whatever else the machine does meets all of them.
    for _ in range(options.rounds):
        for name, run in runs.items():
            seconds, cpu, found = run()
            times[name].append(seconds)
            cpus[name].append(cpu)
            answers.add(found)
    if len(answers) > 1:
        raise SystemExit(f"the systems have loaded different rows: {answers}")
    report(options, times, cpus)


def report(options, times, cpus):
    megabytes = os.path.getsize(options.tbl) / 1e6
    ours = statistics.median(times["sediment, no merges"])
    print(f"{megabytes:.0f} MB of text, {options.threads} threads, {options.rounds} rounds")
    print(f"{'':20}{'median s':>10}{'from-to':>14}{'MB/s':>8}{'best':>8}{'CPU s':>8}{'ratio':>8}")
    for name, seconds in times.items():
        middle = statistics.median(seconds)
        spread = f"{min(seconds):.2f}-{max(seconds):.2f}"
        print(
            f"{name:20}{middle:10.2f}{spread:>14}{megabytes / middle:8.0f}"
            f"{megabytes / min(seconds):8.0f}{statistics.median(cpus[name]):8.2f}"
            f"{middle / ours:8.2f}")
    print("ratio: time divided by that of the first line; rows and sums agree")


if __name__ == "__main__":
    main()
