import StorageBase

/// COUNT(DISTINCT column) of integers that are known to lie close together: a bit for each value
/// there can be, for each group. When the groups become too many for that, or a value lies outside
/// of what was known, the values go on in a `DistinctSet`.
final class DistinctBitsState: AggregateState, DistinctMemory {
  /// At most 128 MiB of bits; and in proportion to the rows, for which a set would take more.
  private static let wordCountMax = 1 << 24
  private static let wordCountMin = 1024
  private static let rowsPerWord = 4

  private let type: DataType
  private let lowest: Int64
  /// The greatest distance of a value from the lowest.
  private let span: UInt64
  private let wordsPerGroup: Int
  private let wordCountMax: Int
  private var groupCount = 0
  private var bits: [UInt64] = []
  /// Takes everything once it is there.
  private var spilled: DistinctState<DistinctSet>?

  /// Nil when bits would take more memory than a set.
  /// - Parameter range: which all values lie in.
  /// - Parameter expectedRowCount: about how many rows will be looked at.
  /// - Precondition: the type is one of integers of at most 64 bits.
  init?(_ type: DataType, range: ClosedRange<Int64>, expectedRowCount: Int) {
    let span = UInt64(bitPattern: range.upperBound &- range.lowerBound)
    wordCountMax = min(
      Self.wordCountMax, max(Self.wordCountMin, expectedRowCount / Self.rowsPerWord))
    guard span / 64 < UInt64(wordCountMax) else { return nil }
    self.type = type
    self.span = span
    lowest = range.lowerBound
    wordsPerGroup = Int(span / 64) + 1
  }

  func reserve(groupCount: Int) {
    self.groupCount = max(self.groupCount, groupCount)
    if let spilled { return spilled.reserve(groupCount: groupCount) }
    let needed = self.groupCount * wordsPerGroup
    guard needed > bits.count else { return }
    if needed > wordCountMax { return spill() }
    bits.append(contentsOf: repeatElement(0, count: needed - bits.count))
  }

  var takesOffsets: Bool { true }

  func fold(_ vector: ColumnVector?, selection: Bitmap?, rowCount: Int, group: Int) {
    guard let vector else { preconditionFailure("a distinct count needs a column") }
    if spilled == nil {
      let rows = Bitmap.present(selection, vector.nulls)?.rowIDs()
      let isDone: Bool
      if let rows {
        isDone = rows.withUnsafeBufferPointer { rows in
          mark(vector, count: rows.count) { (Int(rows[$0]), group) }
        }
      } else {
        isDone = mark(vector, count: rowCount) { ($0, group) }
      }
      if isDone { return }
      spill()
    }
    spilled?.fold(vector.widened(), selection: selection, rowCount: rowCount, group: group)
  }

  func scatter(
    _ vector: ColumnVector?, rows: UnsafeBufferPointer<UInt32>, groups: UnsafeBufferPointer<UInt32>
  ) {
    guard let vector else { preconditionFailure("a distinct count needs a column") }
    if spilled == nil {
      let isDone: Bool
      if let nulls = vector.nulls {
        let present = (0..<rows.count).filter { !nulls[Int(rows[$0])] }
        isDone = mark(vector, count: present.count) { index in
          let position = present[index]
          return (Int(rows[position]), Int(groups[position]))
        }
      } else {
        isDone = mark(vector, count: rows.count) { (Int(rows[$0]), Int(groups[$0])) }
      }
      if isDone { return }
      spill()
    }
    spilled?.scatter(vector.widened(), rows: rows, groups: groups)
  }

  /// Sets the bits of `count` values; false when one has no bit.
  /// - Parameter place: the row and the group of each.
  @inline(__always)
  private func mark(_ vector: ColumnVector, count: Int, place: (Int) -> (Int, Int)) -> Bool {
    if case .offsets(let offsets) = vector.body {
      let (base, factor) = (offsets.base, offsets.factor)
      switch offsets.laneWidth {
      case .one:
        return mark(offsets.lanes.values(as: UInt8.self), count, place) {
          base &+ factor &* Int64($0)
        }
      case .two:
        return mark(offsets.lanes.values(as: UInt16.self), count, place) {
          base &+ factor &* Int64($0)
        }
      case .four:
        return mark(offsets.lanes.values(as: UInt32.self), count, place) {
          base &+ factor &* Int64($0)
        }
      }
    }
    switch vector.type.physical {
    case .int8: return mark(vector.values(as: Int8.self), count, place) { Int64($0) }
    case .int16: return mark(vector.values(as: Int16.self), count, place) { Int64($0) }
    case .int32: return mark(vector.values(as: Int32.self), count, place) { Int64($0) }
    case .int64: return mark(vector.values(as: Int64.self), count, place) { $0 }
    case .int128, .float32, .float64, .bytes: preconditionFailure("no bits for \(vector.type)")
    }
  }

  @inline(__always)
  private func mark<T: BitwiseCopyable>(
    _ values: UnsafeBufferPointer<T>, _ count: Int, _ place: (Int) -> (Int, Int),
    value: (T) -> Int64
  ) -> Bool {
    let (lowest, span, wordsPerGroup) = (lowest, span, wordsPerGroup)
    var isDone = true
    bits.withUnsafeMutableBufferPointer { bits in
      for index in 0..<count {
        let (row, group) = place(index)
        let offset = UInt64(bitPattern: value(values[row]) &- lowest)
        if _slowPath(offset > span) {
          isDone = false
          return
        }
        bits[group &* wordsPerGroup &+ Int(offset &>> 6)] |= 1 &<< (offset & 63)
      }
    }
    return isDone
  }

  private func spill() {
    let larger = DistinctState<DistinctSet>(type, isGrouped: true)
    larger.reserve(groupCount: groupCount)
    pour(into: larger) { $0 }
    spilled = larger
    bits = []
  }

  /// Adds the values of each group to a group of a set.
  private func pour(into set: DistinctState<DistinctSet>, group target: (Int) -> Int) {
    var values: [Int64] = []
    for group in 0..<bits.count / wordsPerGroup {
      values.removeAll(keepingCapacity: true)
      for word in 0..<wordsPerGroup {
        var rest = bits[group * wordsPerGroup + word]
        while rest != 0 {
          values.append(lowest &+ Int64(word &* 64 &+ rest.trailingZeroBitCount))
          rest &= rest &- 1
        }
      }
      set.insert(values, group: target(group))
    }
  }

  func absorb(_ other: any AggregateState, groups: [UInt32]) {
    guard let other = other as? DistinctBitsState, other.lowest == lowest, other.span == span else {
      preconditionFailure("states of two kinds")
    }
    if let more = other.spilled {
      if spilled == nil { spill() }
      spilled?.absorb(more, groups: groups)
    } else if let spilled {
      other.pour(into: spilled) { Int(groups[$0]) }
    } else {
      for group in 0..<other.bits.count / wordsPerGroup {
        let (from, to) = (group * wordsPerGroup, Int(groups[group]) * wordsPerGroup)
        for word in 0..<wordsPerGroup { bits[to + word] |= other.bits[from + word] }
      }
    }
  }

  func result(_ aggregate: BoundAggregate, group: Int) throws -> Value {
    if let spilled { return try spilled.result(aggregate, group: group) }
    var count = 0
    for word in bits[group * wordsPerGroup..<(group + 1) * wordsPerGroup] {
      count += word.nonzeroBitCount
    }
    return .integer(Int128(count))
  }

  var byteCount: Int { spilled?.byteCount ?? bits.count * 8 }
}
