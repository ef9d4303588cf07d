import StorageBase

/// Where a compaction has put the rows of deltas whose values it did not write into rows, since
/// those are in older rowsets. Immutable.
struct MovedDeltas: Sendable {
  /// One delta of the output.
  struct Part: Sendable {
    let output: RowsetSegment
    let rows: DeltaConversion
  }

  private let parts: [Part]
  /// The last version of the output.
  private let version: Version

  init(_ parts: [Part], version: Version) {
    self.parts = parts
    self.version = version
  }

  /// What the deltas of the output have for the rows of a segment.
  func entries(of segment: RowsetSegment) -> [PatchVector.Entry] {
    let known = segment.patches.entries
    if known.isEmpty { return [] }
    return parts.compactMap { part in
      var pairs: [(row: UInt32, deltaRow: UInt32)] = []
      for entry in known {
        guard let outputs = part.rows[entry.id] else { continue }
        for (row, deltaRow) in zip(entry.pairs.rows, entry.pairs.deltaRows) {
          let output = outputs[Int(deltaRow)]
          if output != RowConversion.dropped { pairs.append((row, output)) }
        }
      }
      if pairs.isEmpty { return nil }
      return PatchVector.Entry(part.output, version: version, PatchPairs(pairs))
    }
  }
}

/// By delta and row, the row of a delta of the output that has its values; `RowConversion.dropped`
/// where newer ones have taken their place.
typealias DeltaConversion = [DeltaID: [UInt32]]
