import StorageBase
import Synchronization

/// Rows of an output segment that a version has deleted.
struct ConvertedDeletes {
  let segment: RowsetSegment
  let version: Version
  let rows: [UInt32]
}

/// The rows of a compaction: where they were and where they are. Thread-safe.
final class MovedRows: Sendable {
  /// Segments of the inputs, in the order of the merge.
  let inputs: [RowsetSegment]
  /// By input segment and row: the row of the output, counted over its segments, or
  /// `RowConversion.dropped`.
  let destinations: [[UInt32]]
  /// Segments of the output, with their rows.
  let outputs: [RowsetSegment]
  let outputRowCounts: [Int]
  /// By output segment, its rows that stand for the deletion of their key.
  let deleteSigns: [[UInt32]]
  /// The last version of the output.
  let version: Version
  /// Deltas whose values were not written into rows; nil for none.
  let deltas: MovedDeltas?
  /// Deletes of versions up to `visible`.
  private let prepared = Mutex<(visible: Version, deletes: [ConvertedDeletes])>((.initial, []))

  /// - Parameter conversion: of inputs that hold these segments in their order.
  init(
    inputs: [RowsetSegment], conversion: RowConversion, outputs: [RowsetSegment],
    outputRowCounts: [Int], deleteSigns: [[UInt32]], version: Version, deltas: MovedDeltas? = nil
  ) throws {
    var rest = conversion.outputs.joined().makeIterator()
    destinations = try inputs.map { segment in
      try (0..<segment.reader().rowCount).map { _ in rest.next() ?? RowConversion.dropped }
    }
    precondition(outputs.count == outputRowCounts.count && outputs.count == deleteSigns.count)
    self.inputs = inputs
    self.outputs = outputs
    self.outputRowCounts = outputRowCounts
    self.deleteSigns = deleteSigns
    self.version = version
    self.deltas = deltas
  }

  /// Where the rows of each output segment begin among all of them.
  var outputStarts: [Int] {
    var starts = [0]
    for count in outputRowCounts { starts.append(starts[starts.count - 1] + count) }
    return starts
  }

  /// Converts what visible versions have deleted meanwhile, so that little of it is left to do
  /// while loads wait for `convertedDeletes`.
  ///
  /// - Parameter visible: a version that is visible; what later ones have deleted may still be
  ///   taken back.
  func prepareDeletes(to visible: Version) {
    let deletes = convertDeletes(after: version, to: visible)
    prepared.withLock { $0 = (visible, deletes) }
  }

  /// What versions after the output's own have deleted of the inputs, as deletes of the output; and
  /// its deletions of keys, which are marked deleted themselves.
  func convertedDeletes() -> [ConvertedDeletes] {
    let signs = zip(outputs, deleteSigns).filter { !$0.1.isEmpty }
      .map { ConvertedDeletes(segment: $0.0, version: version, rows: $0.1) }
    let (visible, earlier) = prepared.withLock { $0 }
    return signs + earlier + convertDeletes(after: max(visible, version), to: nil)
  }

  private func convertDeletes(after first: Version, to last: Version?) -> [ConvertedDeletes] {
    let starts = outputStarts.map { UInt32($0) }
    var byVersion: [Version: [UInt32]] = [:]
    for (input, destination) in zip(inputs, destinations) {
      for entry in input.deletes.history.entries.reversed() {
        if entry.version <= first { break }
        if let last, entry.version > last { continue }
        var rows = byVersion.removeValue(forKey: entry.version) ?? []
        for row in entry.rows {
          let place = destination[Int(row)]
          // What has no destination was merged away.
          if place != RowConversion.dropped { rows.append(place) }
        }
        byVersion[entry.version] = rows
      }
    }
    var converted: [ConvertedDeletes] = []
    for (version, rows) in byVersion.sorted(by: { $0.key < $1.key }) {
      let sorted = rows.sorted()
      var index = 0
      for (ordinal, segment) in outputs.enumerated() {
        let begin = index
        while index < sorted.count, sorted[index] < starts[ordinal + 1] { index += 1 }
        if index == begin { continue }
        converted.append(
          ConvertedDeletes(
            segment: segment, version: version,
            rows: sorted[begin..<index].map { $0 - starts[ordinal] }))
      }
    }
    return converted
  }

  /// What deltas of versions after the output's own have of rows of the inputs, as of rows of the
  /// output.
  func convertedPatches() -> [(segment: RowsetSegment, entry: PatchVector.Entry)] {
    let starts = outputStarts
    var deltas: [(delta: RowsetSegment, version: Version)] = []
    var pairs: [DeltaID: [(row: UInt32, deltaRow: UInt32)]] = [:]
    for (input, destination) in zip(inputs, destinations) {
      for entry in input.patches.entries where entry.version > version {
        guard let delta = entry.delta else { continue }
        if pairs[entry.id] == nil { deltas.append((delta, entry.version)) }
        let moved = zip(entry.pairs.rows, entry.pairs.deltaRows).lazy
          .filter { Int($0.0) < destination.count }
          .map { (row: destination[Int($0)], deltaRow: $1) }
          .filter { $0.row != RowConversion.dropped }
        pairs[entry.id, default: []] += moved
      }
    }
    var converted: [(segment: RowsetSegment, entry: PatchVector.Entry)] = []
    for (delta, version) in deltas {
      for (ordinal, segment) in outputs.enumerated() {
        let (start, end) = (UInt32(starts[ordinal]), UInt32(starts[ordinal + 1]))
        let own = (pairs[delta.deltaID] ?? []).filter { $0.row >= start && $0.row < end }
          .map { (row: $0.row - start, deltaRow: $0.deltaRow) }
        if own.isEmpty { continue }
        converted.append((segment, PatchVector.Entry(delta, version: version, PatchPairs(own))))
      }
    }
    return converted
  }
}
