import ScanKernels
import StorageBase

/// COUNT(*).
final class RowCountLanes: AccumulatorLanes {
  private var counts: [Int64] = []

  func grow(to slotCount: Int) {
    counts += repeatElement(0, count: max(0, slotCount - counts.count))
  }

  func add(
    _: ColumnVector, rows _: UnsafeBufferPointer<UInt32>, slots: UnsafeBufferPointer<UInt32>
  ) {
    add(slots)
  }

  func add(_ slots: UnsafeBufferPointer<UInt32>) {
    counts.withUnsafeMutableBufferPointer { counts in
      for index in 0..<slots.count { counts[Int(slots[index])] &+= 1 }
    }
  }

  func merge(_ sources: [UInt32], of other: any AccumulatorLanes, into targets: [UInt32]) {
    let other = sameKind(other)
    for (source, target) in zip(sources, targets) {
      counts[Int(target)] += other.counts[Int(source)]
    }
  }

  func clear(_ slot: Int) { counts[slot] = 0 }
  func append(_ slot: Int, to builder: ColumnBuilder) { builder.append(integer: counts[slot]) }
  func encode(_ slot: Int, to writer: inout ByteWriter) {
    writer.appendVarint(UInt64(counts[slot]))
  }
  func decode(_ slot: Int, from reader: inout ByteReader) throws {
    counts[slot] = try reader.readTally("count of rows")
  }
}

/// COUNT of the values of a column.
final class ValueCountLanes: AccumulatorLanes {
  private var counts: [Int64] = []

  func grow(to slotCount: Int) {
    counts += repeatElement(0, count: max(0, slotCount - counts.count))
  }

  func add(
    _ column: ColumnVector, rows: UnsafeBufferPointer<UInt32>, slots: UnsafeBufferPointer<UInt32>
  ) {
    let nulls = column.nulls
    counts.withUnsafeMutableBufferPointer { counts in
      for index in 0..<rows.count where !(nulls?[Int(rows[index])] ?? false) {
        counts[Int(slots[index])] &+= 1
      }
    }
  }

  func merge(_ sources: [UInt32], of other: any AccumulatorLanes, into targets: [UInt32]) {
    let other = sameKind(other)
    for (source, target) in zip(sources, targets) {
      counts[Int(target)] += other.counts[Int(source)]
    }
  }

  func clear(_ slot: Int) { counts[slot] = 0 }
  func append(_ slot: Int, to builder: ColumnBuilder) { builder.append(integer: counts[slot]) }
  func encode(_ slot: Int, to writer: inout ByteWriter) {
    writer.appendVarint(UInt64(counts[slot]))
  }
  func decode(_ slot: Int, from reader: inout ByteReader) throws {
    counts[slot] = try reader.readTally("count of values")
  }
}
