import StorageBase

/// COUNT(DISTINCT column), exact or approximate. A string of a dictionary is looked at once per
/// dictionary and, where whole pages are folded, inserted once per page.
final class DistinctState<Sink: DistinctSink>: AggregateState, DistinctMemory {
  private var sink: Sink
  private let batch = DistinctBatch()
  /// The last dictionary, and the word of each code that has been met.
  private var known: (dictionary: StringTable, words: [UInt64])?

  /// The word of a code that has not been met; a code that has it is looked at again.
  private static var unknownWord: UInt64 { .max }

  init(_ type: DataType, isGrouped: Bool) {
    let areBytes = type.physical == .bytes || type.physical == .int128
    sink = Sink(isGrouped: isGrouped, areBytes: areBytes)
  }

  func reserve(groupCount: Int) { sink.reserve(groupCount: groupCount) }

  func fold(_ vector: ColumnVector?, selection: Bitmap?, rowCount: Int, group: Int) {
    guard let vector else { preconditionFailure("a distinct count needs a column") }
    let present = Bitmap.present(selection, vector.nulls)
    // Marking pays when the dictionary is not much larger than the page; it may serve many pages.
    if case .coded(let buffer, let dictionary) = vector.body, dictionary.count <= rowCount {
      let codes = buffer.values(as: UInt32.self)
      var isMet = [Bool](repeating: false, count: dictionary.count)
      if let present {
        present.forEachSet { isMet[Int(codes[$0])] = true }
      } else {
        for row in 0..<rowCount { isMet[Int(codes[row])] = true }
      }
      let met = (0..<UInt32(dictionary.count)).filter { isMet[Int($0)] }
      met.withUnsafeBufferPointer { met in
        insert(codesOf: dictionary, count: met.count, code: { met[$0] }, group: { _ in group })
      }
      return
    }
    let rows = present?.rowIDs() ?? Array(0..<UInt32(rowCount))
    rows.withUnsafeBufferPointer { insert(vector, nulls: nil, rows: $0) { _ in group } }
  }

  func scatter(
    _ vector: ColumnVector?, rows: UnsafeBufferPointer<UInt32>, groups: UnsafeBufferPointer<UInt32>
  ) {
    guard let vector else { preconditionFailure("a distinct count needs a column") }
    insert(vector, nulls: vector.nulls, rows: rows) { Int(groups[$0]) }
  }

  /// Adds integers to a group.
  func insert(_ integers: [Int64], group: Int) {
    inBatches(integers.count) { position, index in
      batch.words[index] = Self.bits(integers[position])
      batch.groups[index] = UInt32(truncatingIfNeeded: group)
      return true
    } then: {
      sink.insert(batch)
    }
  }

  /// Fills batches with what `fill` accepts of `count` positions, given the place in the batch.
  @inline(__always)
  private func inBatches(_ count: Int, fill: (Int, Int) -> Bool, then: () -> Void) {
    var start = 0
    while start < count {
      let end = min(count, start &+ DistinctBatch.capacity)
      var filled = 0
      for position in start..<end where fill(position, filled) { filled &+= 1 }
      batch.count = filled
      then()
      start = end
    }
  }

  @inline(__always)
  private func insert(
    _ vector: ColumnVector, nulls: Bitmap?, rows: UnsafeBufferPointer<UInt32>,
    group: (Int) -> Int
  ) {
    switch vector.type.physical {
    case .int8: insert(vector.values(as: Int8.self), nulls, rows, group) { Self.bits($0) }
    case .int16: insert(vector.values(as: Int16.self), nulls, rows, group) { Self.bits($0) }
    case .int32: insert(vector.values(as: Int32.self), nulls, rows, group) { Self.bits($0) }
    case .int64: insert(vector.values(as: Int64.self), nulls, rows, group) { Self.bits($0) }
    // By rank: the two zeros are one value, and so are all NaN.
    case .float32:
      insert(vector.values(as: Float.self), nulls, rows, group) { Self.bits(ValueRank.of($0)) }
    case .float64:
      insert(vector.values(as: Double.self), nulls, rows, group) { Self.bits(ValueRank.of($0)) }
    case .int128:
      let values = UnsafeRawBufferPointer(vector.values(as: Int128.self))
      let size = MemoryLayout<Int128>.stride
      insertTexts(nulls, rows, group) { row in
        UnsafeRawBufferPointer(rebasing: values[row &* size..<(row &+ 1) &* size])
      }
    case .bytes: insertStrings(vector, nulls, rows, group)
    }
  }

  private static func bits(_ integer: some FixedWidthInteger) -> UInt64 {
    UInt64(bitPattern: Int64(truncatingIfNeeded: integer))
  }

  @inline(__always)
  private func insert<T: BitwiseCopyable>(
    _ values: UnsafeBufferPointer<T>, _ nulls: Bitmap?, _ rows: UnsafeBufferPointer<UInt32>,
    _ group: (Int) -> Int, bits: (T) -> UInt64
  ) {
    let nullWords = nulls?.words
    let (words, groups) = (batch.words, batch.groups)
    inBatches(rows.count) { position, index in
      let row = Int(rows[position])
      if let nullWords, nullWords[row &>> 6] &>> UInt64(row & 63) & 1 != 0 { return false }
      words[index] = bits(values[row])
      groups[index] = UInt32(truncatingIfNeeded: group(position))
      // Sorted columns repeat values.
      return index == 0 || words[index] != words[index &- 1] || groups[index] != groups[index &- 1]
    } then: {
      sink.insert(batch)
    }
  }

  @inline(__always)
  private func insertStrings(
    _ vector: ColumnVector, _ nulls: Bitmap?, _ rows: UnsafeBufferPointer<UInt32>,
    _ group: (Int) -> Int
  ) {
    switch vector.body {
    case .coded(let buffer, let dictionary):
      let codes = buffer.values(as: UInt32.self)
      insert(
        codesOf: dictionary, count: rows.count,
        code: { position in
          let row = Int(rows[position])
          if let nulls, nulls[row] { return nil }
          return codes[row]
        }, group: group)
    case .strings(let strings): insertTexts(nulls, rows, group) { strings[$0] }
    case .fixed, .offsets, .byteCoded: preconditionFailure("not a wide string column")
    }
  }

  @inline(__always)
  private func insertTexts(
    _ nulls: Bitmap?, _ rows: UnsafeBufferPointer<UInt32>, _ group: (Int) -> Int,
    text: (Int) -> UnsafeRawBufferPointer
  ) {
    let nullWords = nulls?.words
    inBatches(rows.count) { position, index in
      let row = Int(rows[position])
      if let nullWords, nullWords[row &>> 6] &>> UInt64(row & 63) & 1 != 0 { return false }
      batch.texts[index] = text(row)
      batch.groups[index] = UInt32(truncatingIfNeeded: group(position))
      return true
    } then: {
      sink.name(batch)
      sink.insert(batch)
    }
  }

  func absorb(_ other: any AggregateState, groups: [UInt32]) {
    guard let other = other as? DistinctState<Sink> else {
      preconditionFailure("states of two kinds")
    }
    sink.absorb(other.sink, groups: groups)
  }

  func result(_ aggregate: BoundAggregate, group: Int) throws -> Value {
    .integer(Int128(sink.count(group)))
  }

  var byteCount: Int { sink.byteCount }
}

extension DistinctState {
  /// - Parameter code: of a position; nil for a null.
  @inline(__always)
  private func insert(
    codesOf dictionary: StringTable, count: Int, code: (Int) -> UInt32?, group: (Int) -> Int
  ) {
    withWords(of: dictionary) { known in
      name(count, code, of: dictionary, &known)
      known.withUnsafeBufferPointer { known in
        inBatches(count) { position, index in
          guard let code = code(position) else { return false }
          batch.words[index] = known[Int(code)]
          batch.groups[index] = UInt32(truncatingIfNeeded: group(position))
          return true
        } then: {
          sink.insert(batch)
        }
      }
    }
  }

  /// Finds the words of all codes that have not been met.
  @inline(__always)
  private func name(
    _ count: Int, _ code: (Int) -> UInt32?, of dictionary: StringTable, _ known: inout [UInt64]
  ) {
    var missing: [UInt32] = []
    for position in 0..<count {
      guard let code = code(position), known[Int(code)] == Self.unknownWord else { continue }
      known[Int(code)] = 0
      missing.append(code)
    }
    var start = 0
    while start < missing.count {
      batch.count = min(missing.count - start, DistinctBatch.capacity)
      for index in 0..<batch.count {
        batch.texts[index] = dictionary[Int(missing[start + index])]
      }
      sink.name(batch)
      for index in 0..<batch.count { known[Int(missing[start + index])] = batch.words[index] }
      start += batch.count
    }
  }

  /// Lends out the words of the codes of a dictionary, which are kept until another one comes.
  private func withWords(of dictionary: StringTable, _ body: (inout [UInt64]) -> Void) {
    var words: [UInt64] = []
    if let known, known.dictionary.bytes === dictionary.bytes,
      known.dictionary.offsets === dictionary.offsets
    {
      words = known.words
    } else {
      words = Array(repeating: Self.unknownWord, count: dictionary.count)
    }
    // Out of the property while it changes, so that it is not copied.
    known = nil
    body(&words)
    known = (dictionary, words)
  }
}

/// A state whose memory grows with the values it is shown, not only with the groups.
protocol DistinctMemory: AnyObject {
  /// Bytes of memory that the values take.
  var byteCount: Int { get }
}
