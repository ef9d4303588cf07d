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
    guard let rows = oracle.visibleRows(of: table) else { return }
    let columns = oracle.schema(of: table).columns
    let (filter, matches) = condition(on: columns, rows)
    var query = Query.computing(.countAll, as: "count").computing(.sum("id"), as: "sum")
      .computing(.max("id"), as: "max")
    if let filter { query = query.filtered(by: filter) }
    guard let id = columns.firstIndex(where: { $0.name == "id" }) else { return }
    try attempt("query", table.name) {
      let found = try query.run(on: try store.snapshot(of: table.name)).result.rows
      let ids = rows.filter(matches).map { row -> Int128 in
        if case .integer(let value) = row[id] { value } else { 0 }
      }
      let expected: [Value] = [
        .integer(Int128(ids.count)), ids.isEmpty ? .null : .integer(ids.reduce(0, +)),
        ids.max().map { .integer($0) } ?? .null,
      ]
      guard found == [expected] else {
        throw SimulationFailure(
          "\(table.name) where \(filter.map { "\($0)" } ?? "true"): \(found), expected \(expected)")
      }
    }
  }

  /// A condition that some of the rows meet, and what tells whether one does.
  private func condition(
    on columns: [SampleColumn], _ rows: [[Value]]
  ) -> (Predicate?, ([Value]) -> Bool) {
    guard random.next() % 4 != 0, !rows.isEmpty else { return (nil, { _ in true }) }
    let column = random.index(of: columns)
    let wanted = rows[random.index(of: rows)][column]
    let name = columns[column].name
    if wanted.isNull { return (.isNull(name), { $0[column].isNull }) }
    if random.next() % 2 == 0 {
      return (.compare(name, .equal, .stored(wanted)), { $0[column] == wanted })
    }
    return (
      .compare(name, .less, .stored(wanted)),
      { row in !row[column].isNull && row[column].precedes(wanted) }
    )
  }
}
