import ScanKernels
import StorageBase

/// One word of a phrase: the rows it is in, and where it stands in each. Immutable and thread-safe.
final class PhraseWord: Sendable {
  let rows: RankedRows
  private let positions: WordPositions

  init(rows: RankedRows, positions: WordPositions) {
    self.rows = rows
    self.positions = positions
  }

  /// Calls `body` with addresses into the word, which hold meanwhile.
  func withCursor<R>(_ body: (PhraseCursor) throws -> R) rethrows -> R {
    try withExtendedLifetime(self) {
      switch positions {
      case .packed(let packed):
        try packed.withGroups { groups in
          try body(PhraseCursor(rows: rows.cursor, packed: groups, listed: nil))
        }
      case .listed(let listed):
        try listed.ends.withUnsafeBufferPointer { ends in
          try listed.values.withUnsafeBufferPointer { values in
            try body(PhraseCursor(rows: rows.cursor, packed: nil, listed: (ends, values)))
          }
        }
      }
    }
  }

  /// All positions in the row of an ordinal, in place of what `target` held; false if the bytes are
  /// malformed.
  func positions(_ ordinal: Int, into target: inout [UInt32]) -> Bool {
    target.removeAll(keepingCapacity: true)
    switch positions {
    case .packed(let packed): return packed.append(ordinal, to: &target)
    case .listed(let listed):
      target.append(contentsOf: listed.values[listed.range(ordinal)])
      return true
    }
  }
}

/// Where a word stands in each of its rows.
enum WordPositions: Sendable {
  case packed(PackedPositions)
  /// Of an index whose positions are not packed.
  case listed(PostingsDecoder.Positions)
}

/// Addresses into a word of a phrase: what a loop over rows uses, so that it counts no references.
struct PhraseCursor {
  let rows: RankedRows.Cursor
  let packed: PackedPositions.Groups?
  let listed: (ends: UnsafeBufferPointer<Int>, values: UnsafeBufferPointer<UInt32>)?

  /// The first position in the row of an ordinal, doubled, and one more if it has others.
  @inline(__always) func number(_ ordinal: Int) -> UInt32 {
    if let packed { return packed.number(ordinal) }
    guard let listed else { return 0 }
    let start = ordinal == 0 ? 0 : listed.ends[ordinal &- 1]
    return listed.values[start] &<< 1 | (listed.ends[ordinal] &- start > 1 ? 1 : 0)
  }
}
