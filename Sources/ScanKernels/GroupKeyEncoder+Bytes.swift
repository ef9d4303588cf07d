import CKernels
import StorageBase

// Numbering the rows of a page when its keys are few and narrow: the keys of a row become one byte,
// and one table of 256 bytes turns that into the number of its group, without a step per row.
extension GroupKeyEncoder {
  /// The bytes of one key column of a page, and the code of each.
  private struct ByteKey {
    let bytes: AlignedBuffer
    let codes: [UInt32]
  }

  private static var unknownGroup: UInt8 { .max }

  /// The groups of all rows of a page, new ones numbered if a selected row has them; nil when the
  /// keys of the page are not narrow enough, or the groups too many.
  mutating func byteGroups(
    of vectors: [ColumnVector], selection: Bitmap?, rowCount: Int
  ) -> ByteGroups? {
    guard table.directBits != nil, table.count < Int(Self.unknownGroup) else { return nil }
    var keys: [ByteKey] = []
    var combinationCount = 1
    for (index, vector) in vectors.enumerated() {
      guard vector.nulls == nil, let key = byteKey(vector, field: index) else { return nil }
      combinationCount *= key.codes.count
      guard combinationCount <= 256 else { return nil }
      keys.append(key)
    }
    table.makeRoom(forCodesUpTo: strings.count)
    guard let bits = table.directBits else { return nil }
    let indexes = directIndexes(keys, bits)
    let numbers = combine(keys, rowCount: rowCount)
    return resolve(numbers, indexes, selection: selection, rowCount: rowCount)
  }

  /// Nil when the column has no bytes that stand for its values in this page.
  private mutating func byteKey(_ vector: ColumnVector, field index: Int) -> ByteKey? {
    switch (layout.fields[index].form, vector.body) {
    case (.string, .byteCoded(let codes, let dictionary)):
      return ByteKey(bytes: codes, codes: numbers(of: dictionary, field: index))
    case (.narrow(let lowest, let bits), .offsets(let offsets)) where offsets.laneWidth == .one:
      let mask = (1 << bits) - 1
      let codes = (0...Int(offsets.laneMax)).map { lane in
        let value = Int(offsets.base) &+ Int(offsets.factor) &* lane
        return UInt32(truncatingIfNeeded: (value &- lowest &+ 1) & mask)
      }
      return ByteKey(bytes: offsets.lanes, codes: codes)
    default: return nil
    }
  }

  /// For each combination of bytes, the first key's varying fastest, the index of its group.
  private func directIndexes(_ keys: [ByteKey], _ bits: [UInt64]) -> [Int] {
    var indexes = [0]
    var shift: UInt64 = 0
    for (key, width) in zip(keys, bits) {
      indexes = key.codes.flatMap { code in indexes.map { $0 | Int(code) << Int(shift) } }
      shift += width
    }
    return indexes
  }

  /// The combination of each row as a byte.
  private func combine(_ keys: [ByteKey], rowCount: Int) -> AlignedBuffer {
    if keys.count == 1 { return keys[0].bytes }
    let group = KernelTable.current.group
    let out = AlignedBuffer(byteCount: rowCount)
    let target = out.mutableValues(as: UInt8.self).baseAddress
    var stride = 1
    for (ordinal, key) in keys.enumerated() {
      let steps = (0..<256).map { UInt8(truncatingIfNeeded: $0 &* stride) }
      let source = key.bytes.values(as: UInt8.self).baseAddress
      if ordinal == 0 {
        out.mutableBytes.copyMemory(
          from: UnsafeRawBufferPointer(rebasing: key.bytes.bytes[..<rowCount]))
      } else {
        group.map_add_u8(source, rowCount, steps, target)
      }
      stride *= key.codes.count
    }
    return out
  }

  /// Turns combinations into group numbers.
  private mutating func resolve(
    _ combinations: AlignedBuffer, _ indexes: [Int], selection: Bitmap?, rowCount: Int
  ) -> ByteGroups? {
    let group = KernelTable.current.group
    let words = selection?.words.baseAddress
    let source = combinations.values(as: UInt8.self)
    let numbers = AlignedBuffer(byteCount: rowCount)
    let target = numbers.mutableValues(as: UInt8.self)
    group.map_u8(source.baseAddress, rowCount, groupTable(indexes), target.baseAddress)
    if group.any_u8(target.baseAddress, rowCount, words, Self.unknownGroup) != 0 {
      for row in 0..<rowCount where selection?[row] ?? true && target[row] == Self.unknownGroup {
        _ = table.insert(direct: indexes[Int(source[row])])
      }
      guard table.count < Int(Self.unknownGroup) else { return nil }
      group.map_u8(source.baseAddress, rowCount, groupTable(indexes), target.baseAddress)
    }
    return ByteGroups(
      numbers: numbers, selection: selection, rowCount: rowCount, groupCount: table.count)
  }

  private func groupTable(_ indexes: [Int]) -> [UInt8] {
    var groups = [UInt8](repeating: Self.unknownGroup, count: 256)
    for (combination, index) in indexes.enumerated() {
      if let number = table.number(ofDirect: index) { groups[combination] = UInt8(number) }
    }
    return groups
  }
}
