import ScanKernels
import SegmentFormat
import StorageBase

/// What the rows of a partial load make of each key when they are applied one after the other to
/// the row that is there: which of them gives what. Immutable.
struct FoldedRows {
  /// By key, the last of its rows that counts.
  private(set) var rows: [UInt32] = []
  /// Rows before that one that count as well, oldest first, by key.
  private(set) var earlier: [Int: [UInt32]] = [:]
  /// By key, the row that gives its sequence; `OldRows.none` when it is carried from the old row.
  private(set) var sequenceRows: [UInt32] = []
  /// Keys that have been deleted by the load itself before the rows that count: nothing of the old
  /// row is left but the sequence.
  let startsAnew: Bitmap
  /// Keys that the load deletes.
  let deleted: Bitmap
  /// The first key for which a row comes that is to update it, and it has none.
  private(set) var firstNewKey: Int?

  /// - Parameters:
  ///   - sequence: the given sequence column as codes; nil when the table has none or the load does
  ///     not give it.
  ///   - givesSequence: the rows that give it; nil for all.
  ///   - defaultSequence: what rows have that give none where there is none.
  ///   - old: by key, the sequence that is there; nil for none.
  init(
    _ groups: KeyGroups, deleteSigns: Bitmap?, sequence: AlignedBuffer?, givesSequence: Bitmap?,
    defaultSequence: UInt64, old: (Int) -> UInt64?
  ) {
    startsAnew = Bitmap(count: groups.count)
    deleted = Bitmap(count: groups.count)
    rows.reserveCapacity(groups.count)
    sequenceRows.reserveCapacity(groups.count)
    let codes = sequence?.values(as: UInt64.self)
    for key in 0..<groups.count {
      let own = groups.rows(of: key)
      var state = KeyState(exists: groups.locations.hasRow(key))
      let last = own[own.endIndex - 1]
      if own.count > 1, codes != nil { state.sequence = old(key) }
      for row in own {
        let given = (givesSequence?[Int(row)] ?? true) ? codes?[Int(row)] : nil
        // One row alone is compared with the old one when it is published.
        if own.count > 1, let given, let known = state.sequence, given < known { continue }
        state.apply(row, sequence: given, isDelete: deleteSigns?[Int(row)] ?? false)
        if own.count > 1, state.sequence == nil { state.sequence = defaultSequence }
      }
      if state.rows.isEmpty {
        // All have lost; publishing the last one says so.
        state.apply(
          last, sequence: codes?[Int(last)], isDelete: deleteSigns?[Int(last)] ?? false)
      }
      add(state, key)
    }
  }

  private mutating func add(_ state: KeyState, _ key: Int) {
    guard let last = state.rows.last else { preconditionFailure("a key has rows") }
    rows.append(last)
    if state.rows.count > 1 { earlier[key] = state.rows.dropLast() }
    sequenceRows.append(state.sequenceRow)
    if state.startsAnew { startsAnew.set(key) }
    if state.isDeleted { deleted.set(key) }
    if state.isNew, firstNewKey == nil { firstNewKey = key }
  }

  /// The row that gives a column of a key; nil when none does.
  /// - Parameter given: the rows that give it.
  func row(of key: Int, giving given: Bitmap) -> UInt32? {
    if given[Int(rows[key])] { return rows[key] }
    return earlier[key]?.last { given[Int($0)] }
  }

  /// One key while rows are applied to it.
  private struct KeyState {
    var exists: Bool
    var sequence: UInt64?
    var rows: [UInt32] = []
    var sequenceRow = OldRows.none
    var startsAnew = false
    var isDeleted = false
    var isNew = false

    init(exists: Bool) { self.exists = exists }

    mutating func apply(_ row: UInt32, sequence given: UInt64?, isDelete: Bool) {
      if let given {
        sequence = given
        sequenceRow = row
      }
      if isDelete || isDeleted { rows.removeAll() }
      startsAnew = startsAnew || isDelete
      isNew = isNew || (!isDelete && !exists)
      isDeleted = isDelete
      exists = !isDelete
      rows.append(row)
    }
  }
}
