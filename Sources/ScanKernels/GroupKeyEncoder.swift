import StorageBase

/// Turns the key columns of pages into group numbers, a page at a time. Not thread-safe.
struct GroupKeyEncoder {
  /// The interned number of each code of one dictionary; 0 where the code has not been met.
  private struct DictionaryNumbers {
    let dictionary: StringTable
    var numbers: [UInt32]
  }

  let layout: GroupKeyLayout
  private(set) var table: GroupTable
  private(set) var strings = StringInterner()
  private var dictionaries: [DictionaryNumbers?]
  /// Codes of the page's rows, per key column that is kept as a code.
  private var codes: [[UInt32]]
  private var packed: [UInt64] = []
  private var indexes: [UInt32] = []

  init(columns: [Column]) {
    layout = GroupKeyLayout(columns)
    table = GroupTable(layout: layout)
    dictionaries = Array(repeating: nil, count: columns.count)
    codes = Array(repeating: [], count: columns.count)
  }

  /// Writes the group number of each of `rows` of a page into `numbers`.
  mutating func number(
    _ rows: UnsafeBufferPointer<UInt32>, of vectors: [ColumnVector],
    into numbers: UnsafeMutableBufferPointer<UInt32>
  ) {
    for (index, vector) in vectors.enumerated() { encode(vector, rows, field: index) }
    table.makeRoom(forCodesUpTo: strings.count)
    if let bits = table.directBits {
      combineCodes(rows.count, bits)
      indexes.withUnsafeBufferPointer { table.numbers(ofDirect: $0, into: numbers) }
      return
    }
    packed.removeAll(keepingCapacity: true)
    packed.append(contentsOf: repeatElement(0, count: rows.count * layout.wordCount))
    for (index, vector) in vectors.enumerated() { pack(vector, rows, field: index) }
    packed.withUnsafeBufferPointer { packed in
      guard let base = packed.baseAddress else { return }
      table.numbers(ofPacked: base, into: numbers)
    }
  }

  /// The values of one group's key.
  func values(ofGroup number: Int) -> [Value] {
    table.withKey(number) { key in
      layout.fields.map { layout.value($0, in: key, strings: strings) }
    }
  }

  /// The numbers here of all groups of another encoder of the same columns, in its order.
  mutating func numbers(ofGroupsOf other: GroupKeyEncoder) -> [UInt32] {
    (0..<other.table.count).map { group in
      var key = other.table.withKey(group) {
        Array(UnsafeBufferPointer(start: $0, count: layout.wordCount))
      }
      for field in layout.fields {
        guard case .string = field.form else { continue }
        let foreign = key.withUnsafeBufferPointer { key in
          key.baseAddress.map { layout.code(field, in: $0) } ?? 0
        }
        guard foreign != 0 else { continue }
        let own = other.strings.string(foreign).withUnsafeBytes { strings.number(of: $0) }
        let mask: UInt64 = 0xFFFF_FFFF << field.place.shift
        key[field.place.word] &= ~mask
        key[field.place.word] |= UInt64(own) << field.place.shift
      }
      table.makeRoom(forCodesUpTo: strings.count)
      return key.withUnsafeBufferPointer { key in
        guard let base = key.baseAddress else { preconditionFailure("a key has words") }
        return table.number(of: base)
      }
    }
  }
}

// MARK: Codes

extension GroupKeyEncoder {
  private mutating func encode(
    _ vector: ColumnVector, _ rows: UnsafeBufferPointer<UInt32>, field index: Int
  ) {
    switch layout.fields[index].form {
    case .wide: return
    case .narrow(let lowest):
      resize(index, rows.count)
      if vector.type == .bool {
        // Whatever is not zero is true, so that a code always has the bits planned for it.
        encode(vector.values(as: Int8.self), rows, &codes[index]) { $0 == 0 ? 1 : 2 }
      } else if vector.type.physical == .int8 {
        encode(vector.values(as: Int8.self), rows, &codes[index]) { Int($0) &- lowest &+ 1 }
      } else {
        encode(vector.values(as: Int16.self), rows, &codes[index]) { Int($0) &- lowest &+ 1 }
      }
    case .string:
      resize(index, rows.count)
      switch vector.body {
      case .coded(let own, let dictionary):
        encode(own.values(as: UInt32.self), dictionary, vector.nulls, rows, field: index)
      case .strings(let strings):
        for (position, row) in rows.enumerated() {
          codes[index][position] = self.strings.number(of: strings[Int(row)])
        }
      case .fixed: preconditionFailure("a string column with a fixed-width body")
      }
    }
    guard let nulls = vector.nulls else { return }
    codes[index].withUnsafeMutableBufferPointer { codes in
      let words = nulls.words
      for position in 0..<rows.count {
        let row = Int(rows[position])
        let bit = UInt32(truncatingIfNeeded: words[row &>> 6] &>> UInt64(row & 63)) & 1
        codes[position] &= bit &- 1
      }
    }
  }

  private mutating func resize(_ index: Int, _ count: Int) {
    codes[index].removeAll(keepingCapacity: true)
    codes[index].append(contentsOf: repeatElement(0, count: count))
  }

  @inline(__always)
  private func encode<T: BitwiseCopyable>(
    _ values: UnsafeBufferPointer<T>, _ rows: UnsafeBufferPointer<UInt32>,
    _ codes: inout [UInt32], code: (T) -> Int
  ) {
    codes.withUnsafeMutableBufferPointer { codes in
      for position in 0..<rows.count {
        codes[position] = UInt32(truncatingIfNeeded: code(values[Int(rows[position])]))
      }
    }
  }

  private mutating func encode(
    _ own: UnsafeBufferPointer<UInt32>, _ dictionary: StringTable, _ nulls: Bitmap?,
    _ rows: UnsafeBufferPointer<UInt32>, field index: Int
  ) {
    if dictionaries[index]?.dictionary.bytes !== dictionary.bytes {
      dictionaries[index] = DictionaryNumbers(
        dictionary: dictionary, numbers: Array(repeating: 0, count: dictionary.count))
    }
    guard var known = dictionaries[index]?.numbers, !known.isEmpty else { return }
    dictionaries[index] = nil
    for position in 0..<rows.count {
      let code = Int(own[Int(rows[position])])
      var number = known[code]
      if number == 0 {
        number = strings.number(of: dictionary[code])
        known[code] = number
      }
      codes[index][position] = number
    }
    dictionaries[index] = DictionaryNumbers(dictionary: dictionary, numbers: known)
  }

  private mutating func combineCodes(_ count: Int, _ bits: [UInt64]) {
    indexes.removeAll(keepingCapacity: true)
    indexes.append(contentsOf: repeatElement(0, count: count))
    var shift: UInt32 = 0
    indexes.withUnsafeMutableBufferPointer { indexes in
      for (index, width) in bits.enumerated() {
        codes[index].withUnsafeBufferPointer { codes in
          for position in 0..<count { indexes[position] |= codes[position] &<< shift }
        }
        shift += UInt32(width)
      }
    }
  }
}

// MARK: Packed keys

extension GroupKeyEncoder {
  private mutating func pack(
    _ vector: ColumnVector, _ rows: UnsafeBufferPointer<UInt32>, field index: Int
  ) {
    let field = layout.fields[index]
    let stride = layout.wordCount
    packed.withUnsafeMutableBufferPointer { packed in
      guard let base = packed.baseAddress else { return }
      let target = base + field.place.word
      guard case .wide = field.form else {
        codes[index].withUnsafeBufferPointer { codes in
          for position in 0..<rows.count {
            target[position &* stride] |= UInt64(codes[position]) &<< field.place.shift
          }
        }
        return
      }
      Self.packValues(vector, rows, target, stride, field.place.shift)
      guard let nulls = vector.nulls else { return }
      guard let flag = field.nullFlag else {
        preconditionFailure("nulls in a column that is not nullable")
      }
      let words = nulls.words
      for position in 0..<rows.count {
        let row = Int(rows[position])
        let bit = words[row &>> 6] &>> UInt64(row & 63) & 1
        base[position &* stride &+ flag.word] |= bit &<< flag.shift
      }
    }
  }

  private static func packValues(
    _ vector: ColumnVector, _ rows: UnsafeBufferPointer<UInt32>,
    _ target: UnsafeMutablePointer<UInt64>, _ stride: Int, _ shift: UInt64
  ) {
    switch vector.type.physical {
    case .int32:
      pack(vector.values(as: Int32.self), rows, target, stride, shift) {
        UInt64(UInt32(bitPattern: $0))
      }
    case .int64:
      pack(vector.values(as: Int64.self), rows, target, stride, shift) { UInt64(bitPattern: $0) }
    case .float32:
      // Equal numbers must have equal bits: one zero, one NaN.
      pack(vector.values(as: Float.self), rows, target, stride, shift) {
        UInt64(($0.isNaN ? Float.nan : $0 + 0).bitPattern)
      }
    case .float64:
      pack(vector.values(as: Double.self), rows, target, stride, shift) {
        ($0.isNaN ? Double.nan : $0 + 0).bitPattern
      }
    case .int128:
      let values = vector.values(as: Int128.self)
      pack(values, rows, target, stride, 0) { UInt64(truncatingIfNeeded: $0) }
      pack(values, rows, target + 1, stride, 0) { UInt64(truncatingIfNeeded: $0 &>> 64) }
    case .int8, .int16, .bytes: preconditionFailure("\(vector.type) is kept as a code")
    }
  }

  @inline(__always)
  private static func pack<T: BitwiseCopyable>(
    _ values: UnsafeBufferPointer<T>, _ rows: UnsafeBufferPointer<UInt32>,
    _ target: UnsafeMutablePointer<UInt64>, _ stride: Int, _ shift: UInt64, bits: (T) -> UInt64
  ) {
    for position in 0..<rows.count {
      target[position &* stride] |= bits(values[Int(rows[position])]) &<< shift
    }
  }
}
