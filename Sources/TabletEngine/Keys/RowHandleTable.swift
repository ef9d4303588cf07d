import CKernels
import StorageBase

/// From the codes of keys to handles of rows: what the `hash` key index keeps in memory. One owner;
/// not thread-safe, but any number of threads may call `find` while nobody changes the table.
///
/// Ordered hash tables with linear probing (`ck_rowtable.h`), 80 to 90 % full, in shards that are
/// found through a directory and split in two when they have become large, after "Extendible
/// hashing" (Fagin, Nievergelt, Pippenger, Strong, TODS 4(3), 1979). So the table grows by an
/// eighth of one shard of at most about 65 000 entries at a time, however large it is. An entry
/// takes 12 bytes, 8 more for a second word and 8 for a sequence, each divided by the load.
///
/// All operations take batches, and codes that repeat in one are as if taken one after the other.
/// Handles are 0 to 2^32 - 2. The time for a code is that of one or two cache misses, many of which
/// are waited for at once, and for a new entry that of moving some dozens of others.
package final class RowHandleTable {
  /// The handle of no row.
  package static let none = UInt32.max
  /// Entries that a table can have, since each has a handle.
  package static let countMax = Int(UInt32.max)

  /// Words of a code, 1 or 2.
  package let width: Int
  /// Whether entries have a sequence.
  package let hasSequences: Bool
  var table: ck_row_table
  var shardCount = 0
  var shardCapacity = 0
  /// Bytes of all slots.
  var slotByteCount = 0
  /// Draws the sizes of shards.
  var random: SeededGenerator
  /// The next shard to look at after entries have been removed.
  var nextToShrink = 0

  package init(width: Int, hasSequences: Bool, secret: KeySecret) {
    precondition(width == 1 || width == 2, "codes of \(width) words")
    self.width = width
    self.hasSequences = hasSequences
    random = SeededGenerator(seed: secret.tableSeed)
    table = ck_row_table(
      shards: nil, directory: nil, depth: 0, word_count: UInt32(width),
      has_sequences: hasSequences, mask: secret.tableMask, factor: secret.tableFactor, count: 0)
    makeFirstShard()
  }

  deinit { freeMemory() }

  /// How many codes have a handle.
  package var count: Int { Int(table.count) }

  /// All memory of the table.
  package var byteCount: Int {
    slotByteCount + shardCapacity * MemoryLayout<ck_row_shard>.stride
      + directoryCount * MemoryLayout<UInt32>.stride
  }

  /// Writes the handle of each code, or `none`; and the sequences, 0 where there is none, if asked
  /// for.
  package func find(
    _ codes: UnsafeBufferPointer<UInt64>, into handles: UnsafeMutableBufferPointer<UInt32>,
    sequences: UnsafeMutableBufferPointer<Int64>? = nil
  ) {
    let rowCount = rowCount(of: codes)
    precondition(handles.count >= rowCount, "too few handles")
    precondition(sequences.map { hasSequences && $0.count >= rowCount } ?? true, "sequences")
    guard rowCount > 0 else { return }
    withUnsafePointer(to: table) {
      ck_row_find($0, codes.baseAddress, rowCount, handles.baseAddress, sequences?.baseAddress)
    }
  }

  /// The handle of one code, or `none`.
  /// - Parameter code: its second word counts in tables of two words only.
  package func handle(of code: (UInt64, UInt64)) -> UInt32 {
    var handle = Self.none
    withUnsafeBytes(of: code) { words in
      withUnsafePointer(to: table) {
        ck_row_find(
          $0, words.baseAddress?.assumingMemoryBound(to: UInt64.self), 1, &handle, nil)
      }
    }
    return handle
  }

  /// Gives codes new handles and writes the ones they had, or `none`. A row whose handle is `none`
  /// takes its code's entry away.
  ///
  /// In a table with sequences this happens only where the sequence stored is not greater than the
  /// new one; else the row has lost, the entry stays, and `previous` is its handle.
  /// - Returns: how many rows have lost.
  @discardableResult
  package func exchange(
    _ codes: UnsafeBufferPointer<UInt64>, with handles: NewHandles,
    sequences: UnsafeBufferPointer<Int64>? = nil, outcome: ExchangeOutcome
  ) -> Int {
    let rowCount = rowCount(of: codes)
    handles.check(rowCount)
    outcome.check(rowCount, hasSequences: hasSequences)
    precondition((sequences != nil) == hasSequences, "sequences, and a table with or without")
    precondition(sequences.map { $0.count >= rowCount } ?? true, "too few sequences")
    var changes = ck_row_changes()
    changes.codes = codes.baseAddress
    changes.count = rowCount
    handles.describe(in: &changes)
    changes.sequences = sequences?.baseAddress
    changes.previous = outcome.previous.baseAddress
    changes.previous_sequences = outcome.previousSequences?.baseAddress
    changes.lost = outcome.lost?.baseAddress
    make(&changes, ck_row_exchange)
    return changes.lost_count
  }

  /// Gives codes handles whatever they had; `none` takes an entry away. In a table with sequences
  /// and none given, an entry keeps its own, and a new one has the least there is.
  package func set(
    _ codes: UnsafeBufferPointer<UInt64>, to handles: UnsafeBufferPointer<UInt32>,
    sequences: UnsafeBufferPointer<Int64>? = nil
  ) {
    let rowCount = rowCount(of: codes)
    precondition(handles.count >= rowCount, "too few handles")
    precondition(sequences.map { hasSequences && $0.count >= rowCount } ?? true, "sequences")
    var changes = ck_row_changes()
    changes.codes = codes.baseAddress
    changes.count = rowCount
    changes.handles = handles.baseAddress
    changes.sequences = sequences?.baseAddress
    make(&changes, ck_row_set)
  }

  /// Undoes an `exchange` of the same codes, the last one first, so that codes that repeat get back
  /// what they had before the first of them. Nothing else may have changed their entries since.
  /// - Precondition: with sequences the outcome has them, and which rows had lost.
  package func undo(_ codes: UnsafeBufferPointer<UInt64>, _ outcome: ExchangeOutcome) {
    let rowCount = rowCount(of: codes)
    outcome.check(rowCount, hasSequences: hasSequences)
    precondition(
      !hasSequences || (outcome.lost != nil && outcome.previousSequences != nil),
      "an outcome that does not tell everything cannot be undone")
    var changes = ck_row_changes()
    changes.codes = codes.baseAddress
    changes.count = rowCount
    changes.handles = UnsafePointer(outcome.previous.baseAddress)
    changes.sequences = UnsafePointer(outcome.previousSequences?.baseAddress)
    changes.skipped = UnsafePointer(outcome.lost?.baseAddress)
    changes.is_reversed = true
    make(&changes, ck_row_set)
  }

  /// Takes the entries of codes away.
  package func remove(_ codes: UnsafeBufferPointer<UInt64>) {
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: rowCount(of: codes)) { handles in
      handles.initialize(repeating: Self.none)
      set(codes, to: UnsafeBufferPointer(handles))
    }
  }

  /// Gives codes another handle where they have the expected one, or takes their entries away where
  /// it is `none`. Sequences stay.
  /// - Returns: how many had the expected one.
  @discardableResult
  package func replace(
    _ codes: UnsafeBufferPointer<UInt64>, expected: UnsafeBufferPointer<UInt32>,
    with handles: UnsafeBufferPointer<UInt32>
  ) -> Int {
    let rowCount = rowCount(of: codes)
    precondition(expected.count >= rowCount && handles.count >= rowCount, "too few handles")
    guard rowCount > 0 else { return 0 }
    let before = count
    let replaced = ck_row_replace(
      &table, codes.baseAddress, rowCount, expected.baseAddress, handles.baseAddress)
    shrink(afterRemoving: before - count)
    return replaced
  }

  private func rowCount(of codes: UnsafeBufferPointer<UInt64>) -> Int {
    precondition(codes.count % width == 0, "codes of another width")
    return codes.count / width
  }

  /// Makes all changes, with room where it is needed.
  private func make(
    _ changes: inout ck_row_changes,
    _ kernel: (UnsafeMutablePointer<ck_row_table>, UnsafeMutablePointer<ck_row_changes>) -> Bool
  ) {
    guard changes.count > 0 else { return }
    let before = count
    while !kernel(&table, &changes) {
      let row = changes.is_reversed ? changes.count - 1 - changes.done : changes.done
      makeRoom(for: changes.codes + row * width)
    }
    shrink(afterRemoving: before - count)
  }
}
