import ScanKernels
import StorageBase

/// SUM and AVG of floating-point numbers.
final class FloatSumLanes: AccumulatorLanes {
  private let isAverage: Bool
  private var sums: [ExactFloatSum] = []
  private var counts: [Int64] = []

  init(isAverage: Bool) { self.isAverage = isAverage }

  func grow(to slotCount: Int) {
    let more = max(0, slotCount - sums.count)
    sums += repeatElement(ExactFloatSum(), count: more)
    counts += repeatElement(0, count: more)
  }

  func add(
    _ column: ColumnVector, rows: UnsafeBufferPointer<UInt32>, slots: UnsafeBufferPointer<UInt32>
  ) {
    let doubles = column.doubles
    let (values, nulls) = (doubles.values(as: Double.self), column.nulls)
    for index in 0..<rows.count {
      let row = Int(rows[index])
      if let nulls, nulls[row] { continue }
      sums[Int(slots[index])].add(values[row])
      counts[Int(slots[index])] &+= 1
    }
  }

  func merge(_ sources: [UInt32], of other: any AccumulatorLanes, into targets: [UInt32]) {
    let other = sameKind(other)
    for (source, target) in zip(sources, targets) {
      let sum = other.sums[Int(source)]
      sums[Int(target)].add(sum)
      counts[Int(target)] += other.counts[Int(source)]
    }
  }

  func clear(_ slot: Int) { (sums[slot], counts[slot]) = (ExactFloatSum(), 0) }

  func append(_ slot: Int, to builder: ColumnBuilder) {
    if counts[slot] == 0 {
      builder.appendNull()
    } else {
      let sum = sums[slot].rounded
      builder.append(floating: isAverage ? sum / Double(counts[slot]) : sum)
    }
  }

  func encode(_ slot: Int, to writer: inout ByteWriter) {
    sums[slot].encode(to: &writer)
    writer.appendVarint(UInt64(counts[slot]))
  }

  func decode(_ slot: Int, from reader: inout ByteReader) throws {
    sums[slot] = try ExactFloatSum(from: &reader)
    counts[slot] = try reader.readTally("count of a sum")
  }
}
