"""The tables and queries of this folder, as SQLite is given them. Standard library only."""

import csv
import pathlib
import re
import sqlite3
from decimal import Decimal

HERE = pathlib.Path(__file__).resolve().parent

# Of each column: integer, text (dates too), float, bool, or the digits after a decimal's point.
TABLES = {
    "lineitem": {
        "l_orderkey": 0, "l_partkey": 0, "l_suppkey": 0, "l_linenumber": 0, "l_quantity": 2,
        "l_extendedprice": 2, "l_discount": 2, "l_tax": 2, "l_returnflag": "text",
        "l_linestatus": "text", "l_shipdate": "text", "l_commitdate": "text",
        "l_receiptdate": "text", "l_shipinstruct": "text", "l_shipmode": "text",
        "l_comment": "text",
    },
    "orders": {
        "o_orderkey": 0, "o_custkey": 0, "o_orderstatus": "text", "o_totalprice": 2,
        "o_orderdate": "text", "o_orderpriority": "text", "o_clerk": "text",
        "o_shippriority": 0, "o_comment": "text",
    },
    "part": {
        "p_partkey": 0, "p_name": "text", "p_mfgr": "text", "p_brand": "text", "p_type": "text",
        "p_size": 0, "p_container": "text", "p_retailprice": 2, "p_comment": "text",
    },
    "customer": {
        "c_custkey": 0, "c_name": "text", "c_address": "text", "c_nationkey": 0,
        "c_phone": "text", "c_acctbal": 2, "c_mktsegment": "text", "c_comment": "text",
    },
    "partsupp": {
        "ps_partkey": 0, "ps_suppkey": 0, "ps_availqty": 0, "ps_supplycost": 2,
        "ps_comment": "text",
    },
    "readings": {
        "id": 0, "station": "text", "at": "text", "quality": 0, "level": 2,
        "temperature": "float", "is_valid": "bool",
    },
}


def stored(text, kind):
    """What SQLite holds for a field of a CSV file; an empty field is a null."""
    if text == "":
        return None
    if kind == "text":
        return text
    if kind == "float":
        return float(text)
    if kind == "bool":
        return int(text == "true")
    return int(text) if kind == 0 else int(Decimal(text).scaleb(kind))


def rows_of(path, kinds):
    with open(path, newline="") as file:
        reader = csv.reader(file)
        next(reader)
        for row in reader:
            yield [stored(text, kind) for text, kind in zip(row, kinds)]


def load(database, folder, tables=TABLES):
    """Fills an SQLite database with the CSV files of a folder; readings are always those here."""
    for table, columns in tables.items():
        affinity = [
            "text" if kind == "text" else "real" if kind == "float" else "integer"
            for kind in columns.values()
        ]
        described = ", ".join(f"{name} {kind}" for name, kind in zip(columns, affinity))
        database.execute(f"create table {table} ({described})")
        source = HERE if table == "readings" else pathlib.Path(folder)
        places = ", ".join("?" for _ in columns)
        database.executemany(
            f"insert into {table} values ({places})",
            rows_of(source / f"{table}.csv", list(columns.values())))
    database.commit()


class Query:
    def __init__(self, name, types, statement, sqlite):
        self.name, self.types = name, types
        self.statement, self.sqlite = statement, sqlite


def queries():
    text = (HERE / "queries.sql").read_text()
    pattern = r"-- name: (\w+)\n-- types: (.+)\n([^;]+);\n-- sqlite:\n([^;]+);\n"
    return [
        Query(name, types.split(), statement.strip(), sqlite.strip())
        for name, types, statement, sqlite in re.findall(pattern, text)
    ]


def shown(value, kind):
    """A value of SQLite as Sediment shows it."""
    if value is None:
        return ""
    if kind == "text":
        return value
    if kind == "float":
        return repr(float(value))
    if kind == "bool":
        return "true" if value else "false"
    digits = int(kind)
    return f"{Decimal(value).scaleb(-digits):.{digits}f}"


def answer(database, query):
    return [
        [shown(value, kind) for value, kind in zip(row, query.types, strict=True)]
        for row in database.execute(query.sqlite)
    ]


def connect(path=":memory:"):
    database = sqlite3.connect(path)
    # As the SQL standard has it, and Sediment and DuckDB.
    database.execute("pragma case_sensitive_like = on")
    return database
