import ScanKernels
import StorageBase

extension SegmentReader {
  /// Whether the keys of all rows are kept beside the columns.
  public var hasPrimaryKeys: Bool { extensions.primaryKeys != nil }

  /// Whether they come with sequences; loads the root of the primary keys the first time.
  /// - Throws: `StorageError.corrupt` for a bad root or filter, or what the file throws.
  public func hasKeySequences() throws -> Bool { try primaryKeyIndex()?.root.hasSequences ?? false }

  /// The least and the greatest key, as `SortKeyBytes.encode` makes them; nil when the segment has
  /// no primary keys. Loads their root the first time.
  /// - Throws: as `hasKeySequences`.
  public func primaryKeyBounds() throws -> (min: [UInt8], max: [UInt8])? {
    try primaryKeyIndex().map { (Array($0.root.leastKey), $0.root.greatestKey) }
  }

  /// Where the key pages lie, each ended by its checksum; none without primary keys. Loads their
  /// root the first time.
  /// - Throws: as `hasKeySequences`.
  public func keyPageRanges() throws -> [Range<UInt64>] {
    try primaryKeyIndex()?.root.pages.map { $0.offset..<$0.offset + UInt64($0.byteCount) } ?? []
  }

  /// Looks for the rows of the pending keys of a probe, whose sort key is unique in the segment,
  /// and appends those found, ascending by key. Thread-safe.
  ///
  /// With primary keys: bounds, then the filter, then one page of keys for all keys that it may
  /// hold. Without: a page of each key column, found by the short keys, is decoded for all keys
  /// that it may hold. O(keys x log rows).
  ///
  /// - Parameter sequenceColumn: the position of the column whose `SequenceCodes` are wanted. It is
  ///   read, for rows that were found, where the primary keys have no sequences.
  /// - Throws: `StorageError.corrupt`, or what the file throws.
  public func findKeys(
    _ probe: KeyProbe, sequenceColumn: Int? = nil, matches: inout [KeyMatch],
    work: inout KeyProbeWork
  ) throws {
    work.keys += probe.pending.count
    let firstMatch = matches.count
    let index = try primaryKeyIndex()
    if let index {
      try findKeys(probe, in: index, &matches, &work)
    } else {
      try findKeysInColumns(probe, &matches, &work)
    }
    work.matches += matches.count - firstMatch
    if let sequenceColumn, !(index?.root.hasSequences ?? false) {
      try readSequences(of: &matches, from: firstMatch, column: sequenceColumn, &work)
    }
  }

  private func findKeys(
    _ probe: KeyProbe, in index: PrimaryKeyIndex, _ matches: inout [KeyMatch],
    _ work: inout KeyProbeWork
  ) throws {
    let candidates = candidates(of: probe, in: index, &work)
    var start = 0
    var page = 0
    while start < candidates.count {
      page = index.root.page(of: probe.keys[Int(candidates[start])], from: page)
      // A page is entered once, for all keys below the separator of the next.
      var end = start + 1
      while end < candidates.count,
        page + 1 == index.root.pages.count
          || compareBytes(
            probe.keys[Int(candidates[end])], index.root.separators[page + 1]) < 0
      { end += 1 }
      try withKeyPage(page, of: index) {
        try find(candidates[start..<end], of: probe.keys, in: $0, number: page, index, &matches)
      }
      work.pages += 1
      work.bytes += index.root.pages[page].byteCount
      start = end
    }
  }

  /// The pending keys that bounds and filter let pass.
  private func candidates(
    of probe: KeyProbe, in index: PrimaryKeyIndex, _ work: inout KeyProbeWork
  ) -> [UInt32] {
    let hashes = probe.hashes.values(as: UInt64.self)
    var candidates: [UInt32] = []
    candidates.reserveCapacity(probe.pending.count)
    for key in probe.pending {
      if !index.root.isInBounds(probe.keys[Int(key)]) {
        work.boundsRejects += 1
      } else if let filter = index.filter, !filter.mayContain(hashes[Int(key)]) {
        work.filterRejects += 1
      } else {
        candidates.append(key)
      }
    }
    return candidates
  }

  private func find(
    _ candidates: ArraySlice<UInt32>, of keys: StringTable, in page: PrimaryKeyPage, number: Int,
    _ index: PrimaryKeyIndex, _ matches: inout [KeyMatch]
  ) throws {
    let place = index.root.pages[number]
    do throws(PrimaryKeyDamage) {
      var restart = 0
      for key in candidates {
        guard let row = try page.row(of: keys[Int(key)], from: &restart) else { continue }
        matches.append(
          KeyMatch(
            key: key, row: UInt32(place.rows.lowerBound + row),
            sequence: page.sequences?[row] ?? 0))
      }
    } catch {
      throw corruptKeyPage(place, error.reason)
    }
  }

  func corruptKeyPage(_ place: PrimaryKeyRoot.Page, _ found: String) -> StorageError {
    .corrupt(
      file: path, offset: place.offset, what: "key page",
      expected: "ascending keys of \(place.rows.count) rows", found: found)
  }

  /// Reads the sequences of rows that were found, which ascend.
  private func readSequences(
    of matches: inout [KeyMatch], from first: Int, column: Int, _ work: inout KeyProbeWork
  ) throws {
    var pageWork = PageWork()
    var start = first
    while start < matches.count {
      let page = Int(matches[start].row) / rowsPerPage
      let range = rowRange(ofPage: page)
      var end = start
      while end < matches.count, range.contains(Int(matches[end].row)) { end += 1 }
      let rows = matches[start..<end].map { $0.row - UInt32(range.lowerBound) }
      let vector = try readPage(column: column, page: page, rows: rows, work: &pageWork)
      let codes = SequenceCodes.codes(of: vector)
      for index in start..<end {
        matches[index].sequence = codes.values(as: UInt64.self)[index - start]
      }
      start = end
    }
    work.pages += pageWork.pages
    work.bytes += pageWork.bytesStored
  }
}
