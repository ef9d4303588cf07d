import QueryEngine
import StorageBase
import TabletEngine

// What readers see of tables with unique keys.
extension Simulation {
  /// A table shows one row of each key, the one that its version has.
  func compareKeys(
    _ snapshot: TableSnapshot, of table: SampleTable, in oracle: Oracle
  ) throws {
    let schema = try oracle.schema(of: table, as: snapshot.definition)
    let found = try rowsByKey(of: snapshot, table)
    for (bucket, tablet) in snapshot.tablets.enumerated() {
      let place = "table \(table.name) bucket \(bucket) version \(tablet.version)"
      let expected = oracle.keyedStates(of: table, bucket: bucket, at: tablet.version)
      for key in Set(expected.keys).union(found[bucket].keys).sorted() {
        let rows = found[bucket][key] ?? []
        guard rows.count <= 1 else {
          throw SimulationFailure("\(place): key \(key) has the rows \(rows)")
        }
        let possible = Set(
          (expected[key] ?? []).map {
            $0.isDeletion ? nil : oracle.row(of: key, $0, of: table, in: schema)
          })
        guard possible.contains(rows.first) else {
          throw SimulationFailure(
            "\(place): key \(key) has the row \(rows.first as Any), expected one of \(possible)")
        }
      }
    }
  }

  /// By bucket and key, the rows that a reader sees.
  private func rowsByKey(
    of snapshot: TableSnapshot, _ table: SampleTable
  ) throws -> [[Int: [[Value]]]] {
    guard let keys = table.keys else { return [] }
    let count = table.schema.sortKeyCount
    var found = [[Int: [[Value]]]](repeating: [:], count: snapshot.tablets.count)
    for row in try Query.selectingAll().run(on: snapshot).result.rows {
      let values = Array(row[..<count])
      guard let key = keys.key(values), keys.values(key) == values else {
        throw SimulationFailure("table \(table.name): a key that nobody wrote: \(values)")
      }
      let bucket = table.definition.bucket(of: table.definition.distribution.map { row[$0] })
      found[bucket][key, default: []].append(row)
    }
    return found
  }

  /// A state of the past, if it is still kept, shows what it showed when it was the newest.
  func readPast(of snapshot: TableSnapshot, _ table: SampleTable) throws {
    let held = snapshot.heldSequences
    guard !held.isEmpty else {
      throw SimulationFailure("no state of table \(table.name) is kept, not even the newest")
    }
    let range = held[random.index(of: held)]
    let last = range.upperBound == .max ? range.lowerBound : range.upperBound
    let sequence = range.lowerBound + random.next() % (last - range.lowerBound + 1)
    guard let past = snapshot.asOf(sequence: sequence) else {
      throw SimulationFailure(
        "table \(table.name) as of \(sequence) cannot be read, and \(range) are kept")
    }
    try attempt("read past", "\(table.name) \(sequence)") {
      try compareRows(of: past, table, in: oracle)
    }
  }
}
