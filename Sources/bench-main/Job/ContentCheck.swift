import QueryEngine
import StorageBase
import TabletEngine

/// Compares what was acknowledged with what a query over the whole table finds: the number of
/// rows, and the exact sum of every integer and decimal column.
struct ContentCheck {
  let isEqual: Bool
  let text: String

  init(_ run: JobRun) throws {
    let expected = run.writers.acknowledgedSums
    let schema = run.table.schema
    let summed = schema.columns.indices.filter { expected.sums[$0] != nil }
    var query = Query.computing(.countAll, as: "rows")
    for index in summed {
      let name = schema.columns[index].name
      query = query.computing(.sum(name), as: "sum_\(name)")
    }
    let result = try query.run(on: run.store.snapshot(of: run.table.name)).result
    let found = result.rows.first ?? []
    var differences: [String] = []
    func compare(_ name: String, _ type: DataType, _ expected: Int128, _ found: Value) {
      // A sum over no rows is null.
      let value: Value = found.isNull ? .integer(0) : found
      if value != .integer(expected) {
        differences.append(
          "\(name): acknowledged \(type.format(.integer(expected))), found \(type.format(value))")
      }
    }
    compare("rows", .int64, Int128(expected.rowCount), found.first ?? .null)
    for (position, index) in summed.enumerated() {
      let column = schema.columns[index]
      let type: DataType =
        if case .decimal(_, let scale) = column.type {
          .decimal(precision: 38, scale: scale)
        } else { .int64 }
      compare(
        "sum of \(column.name)", type, expected.sums[index] ?? 0,
        position + 1 < found.count ? found[position + 1] : .null)
    }
    isEqual = differences.isEmpty
    text =
      isEqual
      ? "check: \(expected.rowCount) rows acknowledged and found, sums of \(summed.count) columns "
        + "equal"
      : "CHECK FAILED: " + differences.joined(separator: "; ")
  }
}
