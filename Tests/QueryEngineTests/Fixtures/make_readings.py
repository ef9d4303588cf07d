#!/usr/bin/env python3
"""Writes readings.csv: a table with nulls in columns of every kind. The seed makes it repeatable."""

import csv
import pathlib
import random


def main():
    chance = random.Random(20240229)

    def some(value):
        return "" if chance.random() < 0.15 else value

    path = pathlib.Path(__file__).resolve().parent / "readings.csv"
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "station", "at", "quality", "level", "temperature", "is_valid"])
        for number in range(500):
            day = f"2024-{chance.randint(1, 3):02}-{chance.randint(1, 28):02}"
            time = f"{chance.randint(0, 23):02}:{chance.randint(0, 59):02}:00"
            writer.writerow([
                number,
                some(chance.choice(["Brienz", "Chur", "Davos", "Elm", "Fluelen", "Zürich"])),
                some(f"{day} {time}"),
                some(chance.randint(1, 5)),
                some(f"{chance.uniform(-5, 60):.2f}"),
                some(repr(round(chance.uniform(-20, 35), 3))),
                some(chance.choice(["true", "false"])),
            ])


if __name__ == "__main__":
    main()
