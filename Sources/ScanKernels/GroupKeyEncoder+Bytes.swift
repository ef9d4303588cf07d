import CKernels
import StorageBase

// Numbering the rows of a page when its keys are few and narrow: the keys of a row become one byte,
// and one table of 256 bytes turns that into the number of its group, without a step per row.
extension GroupKeyEncoder {
  /// The groups of all rows of a page, new ones numbered if a selected row has them; nil when the
  /// keys of the page are not narrow enough, or the groups too many. Good until the next page.
  mutating func byteGroups(
    of vectors: [ColumnVector], selection: Bitmap?, rowCount: Int
  ) -> ByteGroups? {
    guard table.directBits != nil, table.count < Int(ByteKeys.unknownGroup),
      learnKeys(of: vectors), combineKeys()
    else { return nil }
    let combinations = byteKeys.combinations(of: vectors, rowCount: rowCount)
    return resolve(combinations, selection: selection, rowCount: rowCount)
  }

  /// False when a column has no bytes that stand for its values in this page.
  private mutating func learnKeys(of vectors: [ColumnVector]) -> Bool {
    for index in vectors.indices {
      guard vectors[index].nulls == nil else { return false }
      if byteKeys.keys[index].meaning.isMeaning(of: vectors[index].body) { continue }
      byteKeys.forgetCombinations()
      guard learnKey(index, of: vectors[index]) else { return false }
    }
    return true
  }

  private mutating func learnKey(_ index: Int, of vector: ColumnVector) -> Bool {
    switch (layout.fields[index].form, vector.body) {
    case (.string, .byteCoded(_, let dictionary)):
      byteKeys.keys[index].meaning = .entries(of: dictionary)
      byteKeys.keys[index].codes.removeAll(keepingCapacity: true)
      for entry in 0..<dictionary.count {
        byteKeys.keys[index].codes.append(strings.number(of: dictionary[entry]))
      }
      return true
    case (.narrow(let lowest, let bits), .offsets(let offsets)) where offsets.laneWidth == .one:
      byteKeys.keys[index].meaning = .numbers(
        base: offsets.base, factor: offsets.factor, laneMax: offsets.laneMax)
      byteKeys.keys[index].codes.removeAll(keepingCapacity: true)
      let mask = (1 << bits) - 1
      for lane in 0...Int(offsets.laneMax) {
        let value = Int(offsets.base) &+ Int(offsets.factor) &* lane
        byteKeys.keys[index].codes.append(
          UInt32(truncatingIfNeeded: (value &- lowest &+ 1) & mask))
      }
      return true
    default: return false
    }
  }

  /// False when a byte is not enough, or the keys have become too wide to index directly.
  private mutating func combineKeys() -> Bool {
    table.makeRoom(forCodesUpTo: strings.count)
    guard !byteKeys.isCombined(with: table.directBits) else { return true }
    guard let bits = table.directBits, byteKeys.combine(bits) else { return false }
    byteKeys.readGroups(of: table)
    return true
  }

  /// Turns combinations into group numbers.
  private mutating func resolve(
    _ combinations: AlignedBuffer, selection: Bitmap?, rowCount: Int
  ) -> ByteGroups? {
    let group = KernelTable.current.group
    let words = selection?.words.baseAddress
    let source = combinations.values(as: UInt8.self)
    let numbers = byteKeys.numbers(rowCount: rowCount)
    let target = numbers.mutableValues(as: UInt8.self)
    let unknown = ByteKeys.unknownGroup
    group.map_u8(source.baseAddress, rowCount, byteKeys.groups, target.baseAddress)
    if group.any_u8(target.baseAddress, rowCount, words, unknown) != 0 {
      for row in 0..<rowCount where selection?[row] ?? true && target[row] == unknown {
        _ = table.insert(direct: byteKeys.indexes[Int(source[row])])
      }
      guard table.count < Int(unknown) else { return nil }
      byteKeys.readGroups(of: table)
      group.map_u8(source.baseAddress, rowCount, byteKeys.groups, target.baseAddress)
    }
    return ByteGroups(
      numbers: numbers, selection: selection, rowCount: rowCount, groupCount: table.count)
  }
}
