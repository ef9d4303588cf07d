import QueryEngine
import ScanKernels
import StorageBase
import TabletEngine

// What queries answer, against the rows that the oracle knows of.
extension Simulation {
  /// Counts and sums the rows of a table, all of them or those of a filter.
  func query() throws {
    let known = oracle.tables
    guard let store = world.store, !known.isEmpty else { return }
    let table = tables[known[random.index(of: known)]]
    guard let rows = oracle.rows(of: table.number) else { return }
    let (filter, matches) = condition(on: table, rows)
    var query = Query.computing(.countAll, as: "count").computing(.sum("id"), as: "sum")
      .computing(.max("id"), as: "max")
    if let filter { query = query.filtered(by: filter) }
    try attempt("query", table.name) {
      let found = try query.run(on: try store.snapshot(of: table.name)).result.rows
      let selected = rows.filter(matches)
      let expected: [Value] = [
        .integer(Int128(selected.count)),
        selected.isEmpty ? .null : .integer(Int128(selected.reduce(0, +))),
        selected.max().map { .integer(Int128($0)) } ?? .null,
      ]
      guard found == [expected] else {
        throw SimulationFailure(
          "\(table.name) where \(filter.map { "\($0)" } ?? "true"): \(found), expected \(expected)")
      }
    }
  }

  /// A condition that some of the rows meet, and what tells whether one does.
  private func condition(
    on table: SampleTable, _ rows: [Int]
  ) -> (Predicate?, (Int) -> Bool) {
    let columns = table.definition.schema.columns
    guard random.next() % 4 != 0, !rows.isEmpty else { return (nil, { _ in true }) }
    let column = random.index(of: columns)
    let wanted = table.row(rows[random.index(of: rows)])[column]
    let name = columns[column].name
    if wanted.isNull { return (.isNull(name), { table.row($0)[column].isNull }) }
    if random.next() % 2 == 0 {
      return (
        .compare(name, .equal, .stored(wanted)), { table.row($0)[column] == wanted }
      )
    }
    return (
      .compare(name, .less, .stored(wanted)),
      { id in
        let value = table.row(id)[column]
        return !value.isNull && value.precedes(wanted)
      }
    )
  }
}
