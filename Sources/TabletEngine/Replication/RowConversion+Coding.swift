import StorageBase
import TabletModel

/// Where the rows of a compaction's inputs have gone, as one replica tells another.
struct SentConversion {
  /// By input segment and row, the row of the output counted over its segments, or
  /// `RowConversion.dropped`.
  let destinations: [[UInt32]]
  /// By output segment, its rows that stand for the deletion of their key.
  let deleteSigns: [[UInt32]]

  init(_ moved: MovedRows) {
    destinations = moved.destinations
    deleteSigns = moved.deleteSigns
  }

  func encoded() -> [UInt8] {
    var writer = ByteWriter()
    for lists in [destinations, deleteSigns] {
      writer.appendVarint(UInt64(lists.count))
      for list in lists {
        writer.appendVarint(UInt64(list.count))
        for row in list { writer.append(row) }
      }
    }
    writer.appendChecksum()
    return writer.bytes
  }

  /// - Parameters:
  ///   - inputs: rows by input segment.
  ///   - outputs: rows by output segment.
  /// - Throws: `StorageError.corrupt` unless each row of the output comes from exactly one row.
  init(decoding bytes: [UInt8], inputs: [Int], outputs: [Int]) throws {
    (destinations, deleteSigns) = try bytes.withUnsafeBytes { bytes in
      var reader = ByteReader(bytes, file: "row conversion")
      let destinations = try Self.readLists(&reader, inputs, isWhole: true, "inputs")
      let signs = try Self.readLists(&reader, outputs, isWhole: false, "outputs")
      try reader.verifyChecksum("row conversion")
      try reader.requireEnd("row conversion")
      return (destinations, signs)
    }
    try check(outputs)
  }

  /// - Parameters:
  ///   - counts: the rows of each segment.
  ///   - isWhole: whether each list has an element for each row, not only some rows.
  private static func readLists(
    _ reader: inout ByteReader, _ counts: [Int], isWhole: Bool, _ what: String
  ) throws -> [[UInt32]] {
    let count = try reader.readCount("number of \(what)", atMost: 1 << 20)
    guard count == counts.count else {
      throw reader.corrupt("number of \(what)", expected: "\(counts.count)", found: "\(count)")
    }
    return try counts.map { rowCount in
      let count = try reader.readCount("rows of \(what)", atMost: rowCount)
      guard count == rowCount || !isWhole, count * 4 <= reader.remaining else {
        throw reader.corrupt("rows of \(what)", expected: "\(rowCount)", found: "\(count)")
      }
      return try (0..<count).map { _ in try reader.read(UInt32.self, "row") }
    }
  }

  private func check(_ outputs: [Int]) throws {
    let total = outputs.reduce(0, +)
    var isTaken = [Bool](repeating: false, count: total)
    var takenCount = 0
    for row in destinations.joined() where row != RowConversion.dropped {
      guard Int(row) < total, !isTaken[Int(row)] else {
        throw Self.corrupt("rows of the output, each once", "row \(row) of \(total)")
      }
      isTaken[Int(row)] = true
      takenCount += 1
    }
    guard takenCount == total else {
      throw Self.corrupt("\(total) rows of the output", "\(takenCount)")
    }
    for (signs, rowCount) in zip(deleteSigns, outputs) {
      let isAscending = zip(signs, signs.dropFirst()).allSatisfy { $0 < $1 }
      guard isAscending, signs.last.map({ Int($0) < rowCount }) ?? true else {
        throw Self.corrupt("deletions, ascending rows below \(rowCount)", "others")
      }
    }
  }

  private static func corrupt(_ expected: String, _ found: String) -> StorageError {
    .corrupt(
      file: "row conversion", offset: 0, what: "destinations", expected: expected, found: found)
  }
}
