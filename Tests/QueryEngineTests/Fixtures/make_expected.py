#!/usr/bin/env python3
"""Writes expected/NAME.csv for each query of queries.sql: what SQLite answers over these tables.

The tables are made by
  tpchgen-cli csv -s 0.001 --tables=lineitem,orders,part,customer,partsupp
  ./make_readings.py
"""

import csv

import fixture_data


def main():
    database = fixture_data.connect()
    fixture_data.load(database, fixture_data.HERE)
    folder = fixture_data.HERE / "expected"
    folder.mkdir(exist_ok=True)
    for query in fixture_data.queries():
        rows = fixture_data.answer(database, query)
        with open(folder / f"{query.name}.csv", "w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(query.types)
            writer.writerows(rows)
        print(f"{query.name}: {len(rows)} rows")


if __name__ == "__main__":
    main()
