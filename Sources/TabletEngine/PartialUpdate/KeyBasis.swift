import ScanKernels
import StorageBase
import TabletModel

/// What the rows of a segment were completed from, for whoever publishes it: it has to be the same
/// still. Immutable.
struct KeyBasis: Sendable {
  /// The version of the tablet that was looked at.
  let version: Version
  /// Rows whose key had a row then.
  let found: Bitmap
  /// Rows that do not depend on what there was.
  let independent: Bitmap

  /// The part of it for some of the rows.
  func gather(_ rows: Range<Int>) -> KeyBasis {
    let found = Bitmap(count: rows.count)
    let independent = Bitmap(count: rows.count)
    for (index, row) in rows.enumerated() {
      if self.found[row] { found.set(index) }
      if self.independent[row] { independent.set(index) }
    }
    return KeyBasis(version: version, found: found, independent: independent)
  }

  /// How many rows would be completed from something else now.
  /// - Parameter newest: by row, the last version that the newest row of its key can be of; nil for
  ///   no row. What a compaction of later versions has moved counts as changed.
  func changedRowCount(_ newest: (Int) -> Version?) -> Int {
    var count = 0
    for row in 0..<found.count where !independent[row] {
      let isChanged = newest(row).map { $0 > version } ?? found[row]
      if isChanged { count += 1 }
    }
    return count
  }
}

/// Others have changed keys of a partial load since its rows were completed, or of a deletion since
/// they were selected: that has to be done again.
struct PartialUpdateConflict: Error {
  /// How many of its rows are concerned.
  let rowCount: Int
}
