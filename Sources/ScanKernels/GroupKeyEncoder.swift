import StorageBase

/// Turns the key columns of pages into group numbers, a page at a time. Not thread-safe.
package struct GroupKeyEncoder {
  /// The interned number of each code of one dictionary; 0 where the code has not been met.
  private struct DictionaryNumbers {
    let dictionary: StringTable
    var numbers: [UInt32]
  }

  /// Rows per dictionary entry from which on all entries are numbered.
  private static let rowsPerEntryMin = 16

  let layout: GroupKeyLayout
  var table: GroupTable
  var strings = StringInterner()
  /// What is kept of pages whose keys are bytes.
  let byteKeys: ByteKeys
  private var dictionaries: [DictionaryNumbers?]
  /// Codes of the page's rows, per key column that is kept as a code.
  private var codes: [[UInt32]]
  private var packed: [UInt64] = []
  private var indexes: [UInt32] = []

  /// - Parameter ranges: for each column a range that its values lie in; nil when none is known.
  package init(columns: [Column], ranges: [ClosedRange<Int64>?], expectedRowCount: Int) {
    layout = GroupKeyLayout(columns, ranges: ranges)
    table = GroupTable(layout: layout, expectedRowCount: expectedRowCount)
    byteKeys = ByteKeys(keyCount: columns.count)
    dictionaries = Array(repeating: nil, count: columns.count)
    codes = Array(repeating: [], count: columns.count)
  }

  /// How many groups have been met; of a table that numbers all codes, how many there can be.
  package var groupCount: Int { table.count }

  /// Writes the group number of each of `rows` of a page into `numbers`.
  package mutating func number(
    _ rows: UnsafeBufferPointer<UInt32>, of vectors: [ColumnVector],
    into numbers: UnsafeMutableBufferPointer<UInt32>
  ) {
    let vectors = zip(vectors, layout.fields).map { vector, field in
      if case .narrow = field.form { return vector }
      return vector.widened()
    }
    for (index, vector) in vectors.enumerated() { encode(vector, rows, field: index) }
    if table.met != nil {
      codes[0].withUnsafeBufferPointer { _ = numbers.update(fromContentsOf: $0) }
      table.meet(UnsafeBufferPointer(numbers))
      return
    }
    table.makeRoom(forCodesUpTo: strings.count)
    if let bits = table.directBits {
      combineCodes(rows.count, bits)
      indexes.withUnsafeBufferPointer { table.numbers(ofDirect: $0, into: numbers) }
      return
    }
    pack(rows, vectors)
    packed.withUnsafeBufferPointer { packed in
      guard let base = packed.baseAddress else { return }
      table.numbers(ofPacked: base, into: numbers)
    }
  }

  private mutating func pack(_ rows: UnsafeBufferPointer<UInt32>, _ vectors: [ColumnVector]) {
    packed.removeAll(keepingCapacity: true)
    packed.append(contentsOf: repeatElement(0, count: rows.count * layout.wordCount))
    packed.withUnsafeMutableBufferPointer { packed in
      guard let base = packed.baseAddress else { return }
      let packer = KeyPacker(keys: base, stride: layout.wordCount, rows: rows)
      for (index, (field, vector)) in zip(layout.fields, vectors).enumerated() {
        guard case .wide = field.form else {
          codes[index].withUnsafeBufferPointer { packer.pack(codes: $0, at: field.place) }
          continue
        }
        packer.pack(values: vector, at: field.place)
        guard let nulls = vector.nulls else { continue }
        guard let flag = field.nullFlag else {
          preconditionFailure("nulls in a column that is not nullable")
        }
        packer.pack(nulls: nulls, at: flag)
      }
    }
  }

  /// Appends the values of the keys of all groups, group by group.
  func appendKeys(to values: inout [Value]) {
    for number in table.metNumbers(of: table.count) {
      table.withKey(number) { key in
        for field in layout.fields {
          values.append(layout.value(field, in: key, strings: strings))
        }
      }
    }
  }

  /// One column of the key of one group.
  package func key(ofGroup group: Int, field: Int) -> Value {
    table.withKey(group) { layout.value(layout.fields[field], in: $0, strings: strings) }
  }

  /// The numbers here of all groups of another encoder of the same columns, in its order.
  mutating func numbers(ofGroupsOf other: GroupKeyEncoder) -> [UInt32] {
    if table.met != nil {
      table.meet(other.table)
      return Array(0..<UInt32(table.count))
    }
    var numbers = [UInt32](repeating: 0, count: other.table.count)
    var key = [UInt64](repeating: 0, count: layout.wordCount)
    let stringFields = layout.fields.filter { field in
      if case .string = field.form { return true }
      return false
    }
    key.withUnsafeMutableBufferPointer { buffer in
      guard let key = buffer.baseAddress else { preconditionFailure("a key has words") }
      for group in numbers.indices {
        other.table.withKey(group) { key.update(from: $0, count: layout.wordCount) }
        for field in stringFields { translate(field, in: key, from: other) }
        if !stringFields.isEmpty { table.makeRoom(forCodesUpTo: strings.count) }
        numbers[group] = table.number(of: key)
      }
    }
    return numbers
  }

  /// Replaces the code that another encoder gave a string by the one it has here.
  private mutating func translate(
    _ field: GroupKeyLayout.Field, in key: UnsafeMutablePointer<UInt64>,
    from other: GroupKeyEncoder
  ) {
    let foreign = layout.code(field, in: key)
    guard foreign != 0 else { return }
    let own = other.strings.string(foreign).withUnsafeBytes { strings.number(of: $0) }
    key[field.place.word] &= ~(0xFFFF_FFFF << field.place.shift)
    key[field.place.word] |= UInt64(own) << field.place.shift
  }
}

extension GroupKeyEncoder {
  private mutating func encode(
    _ vector: ColumnVector, _ rows: UnsafeBufferPointer<UInt32>, field index: Int
  ) {
    switch layout.fields[index].form {
    case .wide: return
    case .narrow(let lowest, let bits):
      resize(index, rows.count)
      encode(vector, rows, lowest: lowest, bits: bits, into: &codes[index])
    case .string:
      resize(index, rows.count)
      switch vector.body {
      case .coded(let own, let dictionary):
        encode(own.values(as: UInt32.self), dictionary, vector.nulls, rows, field: index)
      case .strings(let strings):
        for (position, row) in rows.enumerated() {
          codes[index][position] = self.strings.number(of: strings[Int(row)])
        }
      case .fixed, .offsets, .byteCoded:
        preconditionFailure("a string column with another body")
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

  private func encode(
    _ vector: ColumnVector, _ rows: UnsafeBufferPointer<UInt32>, lowest: Int, bits: Int,
    into codes: inout [UInt32]
  ) {
    // A code must have the bits planned for it, or it would index outside of the table: whatever
    // is not zero is true, and a value outside of its zone map wraps.
    let mask = (1 << bits) - 1
    if case .offsets(let offsets) = vector.body {
      let (base, factor) = (Int(offsets.base) &- lowest &+ 1, Int(offsets.factor))
      switch offsets.laneWidth {
      case .one:
        encode(offsets.lanes.values(as: UInt8.self), rows, &codes) {
          (base &+ factor &* Int($0)) & mask
        }
      case .two:
        encode(offsets.lanes.values(as: UInt16.self), rows, &codes) {
          (base &+ factor &* Int($0)) & mask
        }
      case .four:
        encode(offsets.lanes.values(as: UInt32.self), rows, &codes) {
          (base &+ factor &* Int($0)) & mask
        }
      }
      return
    }
    switch vector.type.physical {
    case .int8 where vector.type == .bool:
      encode(vector.values(as: Int8.self), rows, &codes) { $0 == 0 ? 1 : 2 }
    case .int8:
      encode(vector.values(as: Int8.self), rows, &codes) { (Int($0) &- lowest &+ 1) & mask }
    case .int16:
      encode(vector.values(as: Int16.self), rows, &codes) { (Int($0) &- lowest &+ 1) & mask }
    case .int32:
      encode(vector.values(as: Int32.self), rows, &codes) { (Int($0) &- lowest &+ 1) & mask }
    case .int64:
      encode(vector.values(as: Int64.self), rows, &codes) { (Int($0) &- lowest &+ 1) & mask }
    case .int128, .float32, .float64, .bytes: preconditionFailure("no code for \(vector.type)")
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
        dictionary: dictionary, numbers: firstNumbers(of: dictionary, rowCount: rows.count))
    }
    guard var known = dictionaries[index]?.numbers, !known.isEmpty else { return }
    // Out of the array while it changes, so that it is not copied.
    dictionaries[index] = nil
    if !Self.look(up: own, rows, in: known, into: &codes[index]) {
      for row in rows where known[Int(own[Int(row)])] == 0 {
        let code = Int(own[Int(row)])
        known[code] = strings.number(of: dictionary[code])
      }
      _ = Self.look(up: own, rows, in: known, into: &codes[index])
    }
    dictionaries[index] = DictionaryNumbers(dictionary: dictionary, numbers: known)
  }

  /// The numbers of the entries of a new dictionary. With many entries for the rows to come they
  /// are left at 0 until a row has one; with few it is cheaper to number all at once than to look
  /// through the rows for those that are met.
  private mutating func firstNumbers(of dictionary: StringTable, rowCount: Int) -> [UInt32] {
    guard dictionary.count <= rowCount / Self.rowsPerEntryMin else {
      return Array(repeating: 0, count: dictionary.count)
    }
    return (0..<dictionary.count).map { strings.number(of: dictionary[$0]) }
  }

  /// Returns whether every code was known.
  private static func look(
    up own: UnsafeBufferPointer<UInt32>, _ rows: UnsafeBufferPointer<UInt32>, in known: [UInt32],
    into codes: inout [UInt32]
  ) -> Bool {
    var isComplete = true
    codes.withUnsafeMutableBufferPointer { codes in
      known.withUnsafeBufferPointer { known in
        for position in 0..<rows.count {
          let number = known[Int(own[Int(rows[position])])]
          isComplete = isComplete && number != 0
          codes[position] = number
        }
      }
    }
    return isComplete
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
