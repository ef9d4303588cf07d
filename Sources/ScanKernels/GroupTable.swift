import StorageBase

/// Numbers the distinct packed keys 0, 1, 2, … in the order met. Not thread-safe, and copies share
/// their keys: a table has one owner.
///
/// Keys made of codes only, with few enough bits, index an array directly (no hashing, no
/// comparing). When their codes outgrow it, or from the start for other keys, they are hashed.
///
/// A *dense* table numbers all codes its one column can have from the start, so that a code is the
/// number of its group; it only notes which codes have been met.
struct GroupTable {
  /// The largest direct array has 2 to this power entries: 1 MiB.
  private static let directBitsMax: UInt64 = 18
  /// Groups that are passed over at a time when none of them has been met.
  private static let passedOverCount = MemoryLayout<SIMD8<UInt64>>.size

  let layout: GroupKeyLayout
  private let keys: KeyTable
  /// Bits per field of a direct index; nil once hashing.
  private(set) var directBits: [UInt64]?
  /// `number + 1` by direct index.
  private var direct: [UInt32] = []
  /// Of a dense table one byte for each group, not zero for those met; else nil.
  private(set) var met: [UInt8]?

  /// - Parameter expectedRowCount: about how many rows there will be. A table is dense when they
  ///   are many for the groups there can be, and these more than a byte can number.
  init(layout: GroupKeyLayout, expectedRowCount: Int) {
    self.layout = layout
    keys = KeyTable(wordCount: layout.wordCount)
    guard layout.isAllCodes else {
      keys.index()
      return
    }
    if layout.fields.count == 1, case .narrow(_, let bits) = layout.fields[0].form,
      bits > 8, expectedRowCount >> 1 >= 1 << bits
    {
      met = Array(repeating: 0, count: 1 << bits)
      return
    }
    let bits = layout.fields.map { field -> UInt64 in
      switch field.form {
      case .narrow(_, let bits): UInt64(bits)
      case .string, .wide: 4
      }
    }
    reindex(bits)
  }

  var count: Int { met?.count ?? keys.count }

  /// The first `count` groups of which a row has been met, ascending. Of a dense table mostly few
  /// are, so many are passed over at a time.
  func metNumbers(of count: Int) -> [Int] {
    guard let met else { return Array(0..<count) }
    var numbers: [Int] = []
    met.withUnsafeBytes { marks in
      for start in stride(from: 0, to: count, by: Self.passedOverCount) {
        let end = min(count, start + Self.passedOverCount)
        if end - start == Self.passedOverCount {
          let group = marks.loadUnaligned(fromByteOffset: start, as: SIMD8<UInt64>.self)
          if group == .zero { continue }
        }
        for number in start..<end where marks[number] != 0 { numbers.append(number) }
      }
    }
    return numbers
  }

  func withKey<R>(_ number: Int, _ body: (UnsafePointer<UInt64>) -> R) -> R {
    if met != nil { return withUnsafePointer(to: UInt64(number), body) }
    return body(keys.key(number))
  }

  /// Widens the direct index until string codes up to `codeMax` fit every string field, or gives it
  /// up for hashing.
  mutating func makeRoom(forCodesUpTo codeMax: Int) {
    guard let bits = directBits else { return }
    var wider = bits
    for (index, field) in layout.fields.enumerated() {
      guard case .string = field.form else { continue }
      while codeMax >> Int(wider[index]) != 0 { wider[index] += 1 }
    }
    if wider != bits { reindex(wider) }
  }

  private mutating func reindex(_ bits: [UInt64]) {
    let total = bits.reduce(0, +)
    guard total <= Self.directBitsMax else {
      directBits = nil
      direct = []
      return keys.index()
    }
    directBits = bits
    direct = Array(repeating: 0, count: 1 << Int(total))
    for number in 0..<count {
      let index = withKey(number) { directIndex(of: $0, bits) }
      direct[index] = UInt32(number + 1)
    }
  }

  private func directIndex(of key: UnsafePointer<UInt64>, _ bits: [UInt64]) -> Int {
    if layout.fields.count == 1 { return Int(layout.code(layout.fields[0], in: key)) }
    var (index, shift) = (0, 0)
    for (field, width) in zip(layout.fields, bits) {
      index |= Int(layout.code(field, in: key)) << shift
      shift += Int(width)
    }
    return index
  }

  /// Notes that rows with these numbers have been met, which are codes.
  /// - Precondition: the table is dense.
  mutating func meet(_ numbers: UnsafeBufferPointer<UInt32>) {
    met?.withUnsafeMutableBufferPointer { met in
      for row in 0..<numbers.count { met[Int(numbers[row])] = 1 }
    }
  }

  /// Notes all that another dense table has met.
  mutating func meet(_ other: GroupTable) {
    guard let met, let more = other.met else { return }
    precondition(met.count == more.count, "tables of two ranges")
    self.met = zip(met, more).map { $0 | $1 }
  }

  /// The number of each direct index; new ones are given to those not met before.
  /// - Precondition: `directBits` is not nil and made every index.
  mutating func numbers(
    ofDirect indexes: UnsafeBufferPointer<UInt32>,
    into numbers: UnsafeMutableBufferPointer<UInt32>
  ) {
    var missing = false
    direct.withUnsafeBufferPointer { direct in
      for row in 0..<indexes.count {
        let number = direct[Int(indexes[row])]
        missing = missing || number == 0
        numbers[row] = number &- 1
      }
    }
    guard missing else { return }
    for row in 0..<indexes.count where numbers[row] == .max {
      numbers[row] = insert(direct: Int(indexes[row]))
    }
  }

  /// The number of a direct index; nil when it has none.
  /// - Precondition: as of `numbers(ofDirect:into:)`.
  func number(ofDirect index: Int) -> UInt32? {
    direct[index] == 0 ? nil : direct[index] - 1
  }

  /// The number of a direct index, a new one if it has none.
  mutating func insert(direct index: Int) -> UInt32 {
    if direct[index] != 0 { return direct[index] - 1 }
    var key = [UInt64](repeating: 0, count: layout.wordCount)
    var rest = UInt64(index)
    for (field, width) in zip(layout.fields, directBits ?? []) {
      key[field.place.word] |= (rest & ((1 << width) - 1)) << field.place.shift
      rest >>= width
    }
    let number = UInt32(keys.append(key))
    direct[index] = number + 1
    return number
  }

  /// The number of each packed key; new ones are given to those not met before.
  /// - Precondition: `directBits` is nil.
  func numbers(
    ofPacked packed: UnsafePointer<UInt64>, into numbers: UnsafeMutableBufferPointer<UInt32>
  ) {
    keys.numbers(of: packed, into: numbers)
  }

  /// The number of one packed key, in either mode; for merging.
  /// - Precondition: `makeRoom` was called for its codes.
  mutating func number(of key: UnsafePointer<UInt64>) -> UInt32 {
    guard let bits = directBits else { return keys.number(of: key) }
    return insert(direct: directIndex(of: key, bits))
  }
}
