import ScanKernels
import StorageBase

/// SUM and AVG of integers and decimals, exact in 128 bits: a plan admits no column whose sums
/// could be wider.
final class IntegerSumLanes: AccumulatorLanes {
  private let unit: Double
  private let isAverage: Bool
  private var sums: [Int128] = []
  private var counts: [Int64] = []

  init(scale: Int, isAverage: Bool) {
    unit = Double(powerOfTen(scale))
    self.isAverage = isAverage
  }

  func grow(to slotCount: Int) {
    let more = max(0, slotCount - sums.count)
    sums += repeatElement(0, count: more)
    counts += repeatElement(0, count: more)
  }

  func add(
    _ column: ColumnVector, rows: UnsafeBufferPointer<UInt32>, slots: UnsafeBufferPointer<UInt32>
  ) {
    switch column.type.physical {
    case .int8: add(column, Int8.self, rows, slots)
    case .int16: add(column, Int16.self, rows, slots)
    case .int32: add(column, Int32.self, rows, slots)
    case .int64: add(column, Int64.self, rows, slots)
    case .int128: add(column, Int128.self, rows, slots)
    case .float32, .float64, .bytes: preconditionFailure("an exact sum of a \(column.type)")
    }
  }

  private func add<T: FixedWidthInteger & BitwiseCopyable>(
    _ column: ColumnVector, _: T.Type, _ rows: UnsafeBufferPointer<UInt32>,
    _ slots: UnsafeBufferPointer<UInt32>
  ) {
    let (values, nulls) = (column.values(as: T.self), column.nulls)
    sums.withUnsafeMutableBufferPointer { sums in
      counts.withUnsafeMutableBufferPointer { counts in
        for index in 0..<rows.count {
          let row = Int(rows[index])
          if let nulls, nulls[row] { continue }
          let slot = Int(slots[index])
          sums[slot] &+= Int128(truncatingIfNeeded: values[row])
          counts[slot] &+= 1
        }
      }
    }
  }

  func merge(_ sources: [UInt32], of other: any AccumulatorLanes, into targets: [UInt32]) {
    let other = sameKind(other)
    for (source, target) in zip(sources, targets) {
      sums[Int(target)] &+= other.sums[Int(source)]
      counts[Int(target)] += other.counts[Int(source)]
    }
  }

  func clear(_ slot: Int) { (sums[slot], counts[slot]) = (0, 0) }

  func append(_ slot: Int, to builder: ColumnBuilder) {
    if counts[slot] == 0 {
      builder.appendNull()
    } else if isAverage {
      builder.append(floating: Double(sums[slot]) / unit / Double(counts[slot]))
    } else {
      builder.append(wide: sums[slot])
    }
  }

  func encode(_ slot: Int, to writer: inout ByteWriter) {
    writer.append(sums[slot])
    writer.appendVarint(UInt64(counts[slot]))
  }

  func decode(_ slot: Int, from reader: inout ByteReader) throws {
    sums[slot] = try reader.readInt128("sum")
    counts[slot] = try reader.readTally("count of a sum")
  }
}
