import StorageBase
import TabletEngine

// What readers see of tables with unique keys.
extension Simulation {
  /// A tablet shows one row of each key, the one that its version has.
  func compareKeys(
    _ tablet: TabletSnapshot, of table: SampleTable, _ bucket: Int, in oracle: Oracle
  ) throws {
    let expected = oracle.keyedRows(of: table.number, bucket: bucket, at: tablet.version)
    var found: [Int: KeyedRow] = [:]
    let place = "table \(table.name) bucket \(bucket) version \(tablet.version)"
    for id in try table.liveIDs(tablet) {
      guard let row = table.keyedRow(id, allowsDeletions: false) else { continue }
      if let other = found.updateValue(row, forKey: row.key) {
        throw SimulationFailure("\(place): key \(row.key) has the rows \(other.id) and \(id)")
      }
    }
    for key in Set(expected.keys).union(found.keys).sorted() {
      let possible = Set((expected[key] ?? []).map { $0.isDeletion ? nil : $0.id })
      let isExpected = possible.isEmpty ? false : possible.contains(found[key]?.id)
      guard isExpected else {
        throw SimulationFailure(
          "\(place): key \(key) has the row \(found[key]?.id as Any), expected one of \(possible)")
      }
    }
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
      for (bucket, tablet) in past.tablets.enumerated() {
        try compare(tablet, of: table, bucket, in: oracle)
      }
    }
  }
}
