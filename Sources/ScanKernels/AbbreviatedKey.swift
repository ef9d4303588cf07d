import StorageBase

/// The first 64 bits of a value's place in the sort order: where two differ they settle a
/// comparison, and only where they are equal must the values be looked at. After PostgreSQL's
/// abbreviated keys.
struct AbbreviatedKey {
  let bits: UInt64
  /// What it abbreviates, by position.
  let position: Int

  /// Null has the bits 0, which some values share.
  init(_ value: Value, position: Int) {
    self.position = position
    switch value {
    case .null: bits = 0
    case .integer(let integer):
      // The domain of 64-bit integers spread over all bits; anything wider is clamped to it.
      bits = UInt64(bitPattern: Int64(clamping: integer)) ^ (1 << 63)
    case .floating(let number):
      bits = UInt64(bitPattern: ValueRank.of(number)) ^ (1 << 63)
    case .string(let text):
      var prefix: UInt64 = 0
      var shift: UInt64 = 56
      for byte in text.utf8.prefix(8) {
        prefix |= UInt64(byte) << shift
        shift &-= 8
      }
      bits = prefix
    }
  }

  /// The positions of rows of `width` values each, sorted by those values, nulls first.
  static func order(ofRowsIn values: [Value], width: Int, count: Int) -> [Int] {
    guard width > 0 else { return Array(0..<count) }
    var keys = (0..<count).map { AbbreviatedKey(values[$0 * width], position: $0) }
    values.withUnsafeBufferPointer { values in
      keys.sort { a, b in
        if a.bits != b.bits { return a.bits < b.bits }
        for column in 0..<width {
          let x = values[a.position &* width &+ column]
          let y = values[b.position &* width &+ column]
          if x.precedes(y) { return true }
          if y.precedes(x) { return false }
        }
        return false
      }
    }
    return keys.map(\.position)
  }
}
