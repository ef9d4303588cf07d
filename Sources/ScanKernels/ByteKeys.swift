import StorageBase

/// What the bytes of the key columns of a page stand for, and room for the groups of its rows. Kept
/// from page to page: only where the bytes of a column mean something else than they did on the
/// page before is anything worked out again. Not thread-safe.
final class ByteKeys {
  /// What tells whether two pages use bytes alike.
  enum Meaning {
    case nothing
    case entries(of: StringTable)
    case numbers(base: Int64, factor: Int64, laneMax: UInt32)
  }

  /// One key column.
  struct Key {
    var meaning = Meaning.nothing
    /// The code of each byte there can be.
    var codes: [UInt32] = []
  }

  /// What stands for no group, so that one group less can be numbered.
  static let unknownGroup = UInt8.max
  private static let combinationCountMax = 256

  var keys: [Key]
  /// Of each combination of bytes, the first key's varying fastest, the direct index.
  private(set) var indexes: [Int] = []
  /// The bits of each key that `indexes` are made with; nil when a key has changed since.
  private var bits: [UInt64]?
  /// Of each combination the number of its group, as far as it was known.
  private(set) var groups = [UInt8](repeating: unknownGroup, count: combinationCountMax)
  /// For each key after the first, what each of its bytes adds to a combination.
  private var steps: [UInt8] = []
  private var combinations = AlignedBuffer(byteCount: 0)
  private var numbers = AlignedBuffer(byteCount: 0)

  init(keyCount: Int) { keys = Array(repeating: Key(), count: keyCount) }

  /// To be called before a key changes.
  func forgetCombinations() { bits = nil }

  func isCombined(with bits: [UInt64]?) -> Bool { self.bits != nil && self.bits == bits }

  /// Makes the direct indexes of all combinations; false when they are too many for a byte.
  func combine(_ bits: [UInt64]) -> Bool {
    indexes.removeAll(keepingCapacity: true)
    steps.removeAll(keepingCapacity: true)
    indexes.append(0)
    var shift = 0
    for (ordinal, width) in bits.enumerated() {
      let (stride, codeCount) = (indexes.count, keys[ordinal].codes.count)
      guard stride * codeCount <= Self.combinationCountMax else { return false }
      indexes.append(contentsOf: repeatElement(0, count: stride * max(0, codeCount - 1)))
      // The last block first, since the first holds what all are made of.
      for code in (0..<codeCount).reversed() {
        let index = Int(keys[ordinal].codes[code]) << shift
        for position in 0..<stride { indexes[code * stride + position] = indexes[position] | index }
      }
      if ordinal > 0 {
        for byte in 0..<256 { steps.append(UInt8(truncatingIfNeeded: byte &* stride)) }
      }
      shift += Int(width)
    }
    self.bits = bits
    return true
  }

  /// Looks the numbers of all combinations up.
  /// - Precondition: they are combined with the table's bits.
  func readGroups(of table: GroupTable) {
    for (combination, index) in indexes.enumerated() {
      groups[combination] = table.number(ofDirect: index).map { UInt8($0) } ?? Self.unknownGroup
    }
  }

  /// The combination of each row of a page.
  func combinations(of vectors: [ColumnVector], rowCount: Int) -> AlignedBuffer {
    let first = vectors[0].byteLanes
    if vectors.count == 1 { return first }
    if combinations.byteCount != rowCount { combinations = AlignedBuffer(byteCount: rowCount) }
    combinations.mutableBytes.copyMemory(
      from: UnsafeRawBufferPointer(rebasing: first.bytes[..<rowCount]))
    let target = combinations.mutableValues(as: UInt8.self).baseAddress
    steps.withUnsafeBufferPointer { steps in
      for ordinal in 1..<vectors.count {
        KernelTable.current.group.map_add_u8(
          vectors[ordinal].byteLanes.values(as: UInt8.self).baseAddress, rowCount,
          steps.baseAddress.map { $0 + (ordinal - 1) * 256 }, target)
      }
    }
    return combinations
  }

  /// Room for a group number per row, of any content; that of the page before is given up.
  func numbers(rowCount: Int) -> AlignedBuffer {
    if numbers.byteCount != rowCount { numbers = AlignedBuffer(byteCount: rowCount) }
    return numbers
  }
}

extension ByteKeys.Meaning {
  func isMeaning(of body: ColumnVector.Body) -> Bool {
    switch (self, body) {
    case (.entries(let known), .byteCoded(_, let dictionary)):
      return known.bytes === dictionary.bytes && known.offsets === dictionary.offsets
    case (.numbers(let base, let factor, let laneMax), .offsets(let offsets)):
      return offsets.laneWidth == .one && offsets.base == base && offsets.factor == factor
        && offsets.laneMax == laneMax
    default: return false
    }
  }
}

extension ColumnVector {
  /// - Precondition: the values are kept as bytes.
  fileprivate var byteLanes: AlignedBuffer {
    switch body {
    case .byteCoded(let codes, _): return codes
    case .offsets(let offsets): return offsets.lanes
    case .fixed, .strings, .coded: preconditionFailure("a column without bytes")
    }
  }
}
