import CKernels
import StorageBase

/// SUM and AVG of integers of up to 64 bits. Sums run in 64 bits and move to a 128-bit total when
/// they would overflow, so no sum wraps and the hot loop stays narrow.
final class IntegerSumState: AggregateState {
  /// Side by side, so that a row touches one cache line.
  private struct Cell {
    var sum: Int64 = 0
    var count: Int64 = 0
  }

  private var cells: [Cell] = []
  private var spilled: [Int: WideTotal] = [:]

  func reserve(groupCount: Int) {
    cells.append(contentsOf: repeatElement(Cell(), count: max(0, groupCount - cells.count)))
  }

  func fold(_ vector: ColumnVector?, selection: Bitmap?, rowCount: Int, group: Int) {
    guard let vector else { preconditionFailure("a sum needs a column") }
    let present = Bitmap.present(selection, vector.nulls)
    let count = present?.setCount ?? rowCount
    // A null row holds zero, so it may be added.
    let words = selection?.words.baseAddress
    add(Self.sum(of: vector, rowCount: rowCount, count: count, words), count: count, to: group)
  }

  /// - Parameter count: how many rows `words` selects.
  private static func sum(
    of vector: ColumnVector, rowCount: Int, count: Int, _ words: UnsafePointer<UInt64>?
  ) -> Int128 {
    let kernels = KernelTable.current.aggregate
    if case .offsets(let offsets) = vector.body {
      let lanes = offsets.lanes
      let sum =
        switch offsets.laneWidth {
        case .one: kernels.sum_u8(lanes.values(as: UInt8.self).baseAddress, rowCount, words)
        case .two: kernels.sum_u16(lanes.values(as: UInt16.self).baseAddress, rowCount, words)
        case .four: kernels.sum_u32(lanes.values(as: UInt32.self).baseAddress, rowCount, words)
        }
      return offsets.total(ofLanes: sum, count: count)
    }
    let sum: Int128
    switch vector.type.physical {
    case .int8:
      sum = Int128(kernels.sum_i8(vector.values(as: Int8.self).baseAddress, rowCount, words))
    case .int16:
      sum = Int128(kernels.sum_i16(vector.values(as: Int16.self).baseAddress, rowCount, words))
    case .int32:
      sum = Int128(kernels.sum_i32(vector.values(as: Int32.self).baseAddress, rowCount, words))
    case .int64:
      let parts = kernels.sum_i64(vector.values(as: Int64.self).baseAddress, rowCount, words)
      sum = Int128(parts.high) << 32 + Int128(parts.low)
    case .int128, .float32, .float64, .bytes:
      preconditionFailure("no 64-bit sum of \(vector.type)")
    }
    return sum
  }

  private func add(_ sum: Int128, count: Int, to group: Int) {
    cells[group].count += Int64(count)
    let total = Int128(cells[group].sum) + sum
    if let narrow = Int64(exactly: total) {
      cells[group].sum = narrow
    } else {
      cells[group].sum = 0
      spilled[group, default: WideTotal()].add(total)
    }
  }

  var takesOffsets: Bool { true }

  func add(_ vector: ColumnVector?, to groups: ByteGroups) {
    guard let vector else { preconditionFailure("a sum needs a column") }
    guard vector.nulls == nil, let sums = groups.sums(of: vector) else {
      return addWidened(vector, to: groups)
    }
    for (group, sum) in sums.enumerated() where groups.counts[group] > 0 {
      add(sum, count: groups.counts[group], to: group)
    }
  }

  func scatter(
    _ vector: ColumnVector?, rows: UnsafeBufferPointer<UInt32>, groups: UnsafeBufferPointer<UInt32>
  ) {
    guard let vector else { preconditionFailure("a sum needs a column") }
    if case .offsets(let offsets) = vector.body {
      let (base, factor) = (offsets.base, offsets.factor)
      switch offsets.laneWidth {
      case .one:
        add(offsets.lanes.values(as: UInt8.self), nil, rows, groups) { base &+ factor &* Int64($0) }
      case .two:
        add(offsets.lanes.values(as: UInt16.self), nil, rows, groups) {
          base &+ factor &* Int64($0)
        }
      case .four:
        add(offsets.lanes.values(as: UInt32.self), nil, rows, groups) {
          base &+ factor &* Int64($0)
        }
      }
      return
    }
    switch vector.type.physical {
    case .int8: add(vector.values(as: Int8.self), vector.nulls, rows, groups) { Int64($0) }
    case .int16: add(vector.values(as: Int16.self), vector.nulls, rows, groups) { Int64($0) }
    case .int32: add(vector.values(as: Int32.self), vector.nulls, rows, groups) { Int64($0) }
    case .int64: add(vector.values(as: Int64.self), vector.nulls, rows, groups) { Int64($0) }
    case .int128, .float32, .float64, .bytes:
      preconditionFailure("no 64-bit sum of \(vector.type)")
    }
  }

  @inline(__always)
  private func add<T: FixedWidthInteger & BitwiseCopyable>(
    _ values: UnsafeBufferPointer<T>, _ nulls: Bitmap?, _ rows: UnsafeBufferPointer<UInt32>,
    _ groups: UnsafeBufferPointer<UInt32>, value: (T) -> Int64
  ) {
    cells.withUnsafeMutableBufferPointer { cells in
      for position in 0..<rows.count {
        let group = Int(groups[position])
        let value = value(values[Int(rows[position])])
        let (sum, overflow) = cells[group].sum.addingReportingOverflow(value)
        if _slowPath(overflow) {
          spilled[group, default: WideTotal()].add(Int128(cells[group].sum) + Int128(value))
          cells[group].sum = 0
        } else {
          cells[group].sum = sum
        }
        cells[group].count &+= 1
      }
      // A null row has added zero and must not count.
      guard let nulls else { return }
      for position in 0..<rows.count where nulls[Int(rows[position])] {
        cells[Int(groups[position])].count &-= 1
      }
    }
  }

  func absorb(_ other: any AggregateState, groups: [UInt32]) {
    guard let other = other as? IntegerSumState else { preconditionFailure("states of two kinds") }
    for (group, target) in groups.enumerated() {
      let (own, more) = (cells[Int(target)], other.cells[group])
      let (sum, overflow) = own.sum.addingReportingOverflow(more.sum)
      if overflow {
        let total = Int128(own.sum) + Int128(more.sum)
        spilled[Int(target), default: WideTotal()].add(total)
      }
      cells[Int(target)] = Cell(sum: overflow ? 0 : sum, count: own.count + more.count)
    }
    for (group, total) in other.spilled {
      spilled[Int(groups[group]), default: WideTotal()].add(total)
    }
  }

  func count(_ group: Int) -> Int64 { cells[group].count }

  func total(_ group: Int) -> WideTotal {
    var total = spilled.isEmpty ? WideTotal() : spilled[group, default: WideTotal()]
    total.add(Int128(cells[group].sum))
    return total
  }

  func result(_ aggregate: BoundAggregate, group: Int) throws -> Value {
    try total(group).result(aggregate, count: cells[group].count)
  }
}
