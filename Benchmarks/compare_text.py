#!/usr/bin/env python3
"""Times the questions of `bench text` on tantivy and chDB, beside Sediment, in one run.

Each system holds the column l_comment of TPC-H lineitem, with positions, before the clock starts:
tantivy and Sediment as an inverted index, chDB (the engine of ClickHouse) as a plain column that it
scans, since its text index is not in every build. The answers are compared.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install tantivy chdb pyarrow
    swift build -c release --product bench-main
    /tmp/venv/bin/python Benchmarks/compare_text.py --csv lineitem.csv
"""

import argparse
import csv
import io
import os
import re
import shutil
import statistics
import subprocess
import tempfile
import time

# The words of each question, whether all or any of them are asked for, or one after another.
QUESTIONS = {
    "rare-term": ("any", ["steal"]),
    "common-term": ("any", ["furiously"]),
    "or-2": ("any", ["steal", "dolphins"]),
    "and-2": ("all", ["furiously", "ironic"]),
    "and-rare": ("all", ["steal", "furiously"]),
    "phrase": ("phrase", ["furiously", "ironic"]),
}


def comments(path, column):
    with open(path, newline="") as file:
        rows = csv.reader(file)
        place = next(rows).index(column)
        return [row[place] for row in rows]


def folder_bytes(path):
    return sum(os.path.getsize(os.path.join(path, name)) for name in os.listdir(path))


def tantivy_system(texts, threads, repeat):
    import tantivy

    folder = tempfile.mkdtemp(prefix="compare-text-")
    try:
        builder = tantivy.SchemaBuilder()
        builder.add_text_field("text", stored=False, index_option="position")
        index = tantivy.Index(builder.build(), path=folder)
        start = time.perf_counter()
        writer = index.writer(heap_size=512 << 20, num_threads=threads)
        for text in texts:
            writer.add_document(tantivy.Document(text=text))
        writer.commit()
        writer.wait_merging_threads()
        seconds = time.perf_counter() - start
        index.reload()
        searcher = index.searcher()
        forms = {"any": lambda words: " OR ".join(words), "all": lambda words: " AND ".join(words),
                 "phrase": lambda words: '"' + " ".join(words) + '"'}
        queries = {
            name: index.parse_query(forms[kind](words), ["text"])
            for name, (kind, words) in QUESTIONS.items()}
        found = timed(
            lambda name: searcher.search(queries[name], limit=1, count=True).count, repeat)
        version = re.search(r"[\d.]*\d", getattr(tantivy, "__version__", "") or "")
        name = "tantivy" + (f" {version.group()}" if version else "")
        return name, len(texts) / seconds, folder_bytes(folder), found
    finally:
        shutil.rmtree(folder)


def chdb_system(texts, threads, repeat):
    import chdb
    import pyarrow
    from chdb import session as sessions

    session = sessions.Session()
    try:
        table = pyarrow.table({"text": texts})  # read by name from this frame
        session.query("create database d engine = Atomic; use d")
        start = time.perf_counter()
        session.query(
            "create table t engine = MergeTree order by tuple() as select text from Python(table)")
        seconds = time.perf_counter() - start
        size = int(str(session.query(
            "select sum(bytes_on_disk) from system.parts where table = 't' and active")))

        def sql(name):
            kind, words = QUESTIONS[name]
            if kind == "phrase":
                # Words of the parser `english`, one after another.
                words = "[^a-z0-9]+".join(words)
                test = f"match(lower(text), '(^|[^a-z0-9]){words}([^a-z0-9]|$)')"
            else:
                tests = [f"hasTokenCaseInsensitive(text, '{word}')" for word in words]
                test = (" or " if kind == "any" else " and ").join(tests)
            return f"select count() from t where {test} settings max_threads = {threads}"

        found = timed(lambda name: int(str(session.query(sql(name)))), max(1, repeat // 3))
        return f"chDB {chdb.__version__} (scan)", len(texts) / seconds, size, found
    finally:
        session.close()


def timed(ask, repeat):
    """For each question its answer and the median of the times, in milliseconds."""
    found = {}
    for name in QUESTIONS:
        answer = ask(name)
        times = []
        for _ in range(repeat):
            start = time.perf_counter()
            ask(name)
            times.append((time.perf_counter() - start) * 1e3)
        found[name] = (answer, statistics.median(times))
    return found


def sediment_system(options):
    command = [
        options.program, "text", "--input", options.csv, "--column", options.column,
        "--threads", str(options.threads), "--repeat", str(options.repeat)]
    table = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    line = next(line for line in table.splitlines() if line.startswith("positions "))
    rate, size = re.match(r"positions +([\d.]+ ?[kM]?) +[\d.]+ +([\d.]+ \w+)", line).groups()
    output = subprocess.run(
        command + ["--builds", "1", "--csv", "-"], check=True, capture_output=True, text=True)
    found = {row["question"]: (int(row["rows"]), float(row["median_ms"]))
             for row in csv.DictReader(io.StringIO(output.stdout))}
    return "Sediment", rate, size, found


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--csv", required=True, help="lineitem.csv with a header")
    parser.add_argument("--column", default="l_comment")
    parser.add_argument("--program", default=".build/release/bench-main")
    parser.add_argument("--threads", type=int, default=2, help="of building, and of chDB's scans")
    parser.add_argument("--repeat", type=int, default=9, help="timed runs of a question")
    options = parser.parse_args()

    ours = sediment_system(options)
    texts = comments(options.csv, options.column)
    others = [make(texts, options.threads, options.repeat)
              for make in (tantivy_system, chdb_system)]
    for name, rate, size, found in others:
        for question in QUESTIONS:
            if found[question][0] != ours[3][question][0]:
                raise SystemExit(
                    f"{question}: Sediment finds {ours[3][question][0]} rows, {name} "
                    f"{found[question][0]}")
    print(f"{len(texts)} rows; built with positions by {options.threads} threads:")
    print(f"  {ours[0]}: {ours[1]} rows/s, {ours[2]}")
    for name, rate, size, _ in others:
        print(f"  {name}: {rate / 1e6:.2f} M rows/s, {size / 2**20:.1f} MiB")
    print("milliseconds per question, median; all find the same rows:")
    print("".join([f"  {'question':14}{'rows':>9}"]
                  + [f"{name:>22}" for name in [ours[0]] + [other[0] for other in others]]))
    for question in QUESTIONS:
        cells = [ours[3][question]] + [other[3][question] for other in others]
        print(f"  {question:14}{cells[0][0]:9}" + "".join(f"{cell[1]:22.3f}" for cell in cells))


if __name__ == "__main__":
    main()
