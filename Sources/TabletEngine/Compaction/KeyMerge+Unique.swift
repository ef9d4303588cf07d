import ScanKernels
import StorageBase

// Merging rows of unique keys: rows marked deleted are left out, and of rows with equal keys the
// newest stays.
extension KeyMerge {
  /// The newest row found so far of a key; it goes to the output once another key comes.
  struct Candidate {
    let input: Int
    /// In its page, which may have been left since.
    let row: Int
    let inputRow: Int
    let prefix: UInt64
    let sequence: UInt64
    let isDeleteSign: Bool
    /// Whether it is there for nobody: a deletion that still decides about rows that come later.
    let isRevived: Bool
    var isOnFormerPage = false
  }

  /// As `next`.
  func nextUnique(_ count: Int) throws -> MergeOrder {
    guard let unique else { preconditionFailure("a merge of unique keys") }
    var order = MergeOrder(skips: carriedSkips)
    order.sources.reserveCapacity(min(count, inputs.reduce(0) { $0 + $1.rowCount }))
    var streak = 0
    var last = Self.nobody
    while order.sources.count < count, winner.input != Self.nobody {
      let input = winner.input
      streak = input == last ? streak + 1 : 0
      last = input
      var taken = 1
      if streak >= Self.gallopRowCount {
        let room = cursors[input].rowCount - cursors[input].row
        taken = gallop(input, atMost: min(count - order.sources.count, room))
        if taken < Self.gallopRowCount { streak = 0 }
      }
      let first = cursors[input].row
      for row in first..<first + taken { take(input, row, unique, into: &order) }
      cursors[input].row += taken
      try advance(input)
    }
    if winner.input == Self.nobody, order.sources.count < count {
      settle(unique, into: &order)
    }
    carriedSkips = order.takeTrailingSkips()
    return order
  }

  /// Meets the next row in the order of the merge.
  @inline(__always)
  private func take(
    _ input: Int, _ row: Int, _ unique: UniqueMerge, into order: inout MergeOrder
  ) {
    let cursor = cursors[input]
    let isDeleteSign = cursor.deleteSigns.map { $0[row] != 0 } ?? false
    let ordinal = cursor.firstRow + row
    var isDeleted = false
    if let words = cursor.deletedWords, ordinal >> 6 < cursor.deletedWordCount {
      isDeleted = words[ordinal >> 6] >> UInt64(ordinal & 63) & 1 != 0
    }
    if isDeleted, !(isDeleteSign && unique.revivesDeleteSigns) {
      // Of the same input only greater keys follow, and rows of an input keep their order.
      if candidate?.input == input { settle(unique, into: &order) }
      order.skip(input)
      return
    }
    guard let prefixes = cursor.prefixes else { preconditionFailure("an input with rows left") }
    let found = Candidate(
      input: input, row: row, inputRow: cursor.firstInputRow + row, prefix: prefixes[row],
      sequence: cursor.sequences.map { $0[row] } ?? 0, isDeleteSign: isDeleteSign,
      isRevived: isDeleted)
    if let known = candidate, known.prefix == found.prefix, hasKey(of: known, found) {
      let loser = loser(of: known, found)
      order.skip(loser.input)
      if loser.input == known.input { candidate = found }
      return
    }
    settle(unique, into: &order)
    candidate = found
  }

  /// A row that is there counts whatever deletions say: one that it came too late for may have lost
  /// against another, which was forgotten before the row came. Else the greater sequence wins, of
  /// equal ones the later input, which is newer.
  @inline(__always)
  private func loser(of known: Candidate, _ found: Candidate) -> Candidate {
    if known.isRevived != found.isRevived { return known.isRevived ? known : found }
    return found.sequence >= known.sequence ? known : found
  }

  /// Whether two rows of equal prefixes have equal keys.
  @inline(never)
  private func hasKey(of known: Candidate, _ found: Candidate) -> Bool {
    let page = known.isOnFormerPage ? formerKeys[known.input] : keys[known.input]
    guard let page, let other = keys[found.input] else {
      preconditionFailure("the pages of rows that are compared")
    }
    return page.compare(known.row, other, found.row, columnCount: keyColumnCount) == 0
  }

  /// Gives the candidate to the output, unless it is a deletion that has done its work.
  private func settle(_ unique: UniqueMerge, into order: inout MergeOrder) {
    guard let known = candidate else { return }
    candidate = nil
    guard !known.isDeleteSign || unique.keepsDeleteSigns else {
      order.skip(known.input)
      return
    }
    if known.isDeleteSign { order.deleteSigns.append(UInt32(order.sources.count)) }
    order.sources.append(UInt16(truncatingIfNeeded: known.input))
    conversion?.set(outputRowCount, input: known.input, row: known.inputRow)
    outputRowCount += 1
  }
}

extension MergeKeys {
  /// Negative, zero or positive as one row sorts before, with or after one of another page.
  func compare(_ row: Int, _ other: MergeKeys, _ otherRow: Int, columnCount: Int) -> Int {
    for column in 0..<columnCount {
      let a = prefixes[column * rowCount + row]
      let b = other.prefixes[column * other.rowCount + otherRow]
      if a != b { return a < b ? -1 : 1 }
      let isExact = column < 64 && (exactColumns & other.exactColumns) >> UInt64(column) & 1 != 0
      if !isExact {
        let order = compareValues(column, row, other, otherRow)
        if order != 0 { return order }
      }
    }
    return 0
  }
}
