import ScanKernels
import StorageBase

/// Places rows in tablets. The hash is part of the format (FORMAT.md): a client can compute it.
struct BucketHash {
  static let seed: UInt64 = 0xCBF2_9CE4_8422_2325
  fileprivate static let prime: UInt64 = 0x100_0000_01B3

  let definition: TableDefinition

  /// The bucket of every row of a batch.
  func buckets(of batch: ColumnBatch) -> [UInt16] {
    buckets(of: batch.columns, rowCount: batch.rowCount)
  }

  /// The rows of each bucket, ascending.
  func rowsByBucket(_ columns: [ColumnVector], rowCount: Int) -> [[UInt32]] {
    guard definition.bucketCount > 1 else { return [Array(0..<UInt32(rowCount))] }
    var rows = [[UInt32]](repeating: [], count: definition.bucketCount)
    for (row, bucket) in buckets(of: columns, rowCount: rowCount).enumerated() {
      rows[Int(bucket)].append(UInt32(row))
    }
    return rows
  }

  /// - Parameter columns: the first ones of the schema, at least as far as rows are spread by them.
  func buckets(of columns: [ColumnVector], rowCount: Int) -> [UInt16] {
    guard definition.bucketCount > 1 else { return [UInt16](repeating: 0, count: rowCount) }
    var hashes = [UInt64](repeating: Self.seed, count: rowCount)
    for column in definition.distribution { Self.combine(columns[column], into: &hashes) }
    let count = UInt64(definition.bucketCount)
    return hashes.map { UInt16(mixBits($0) % count) }
  }

  static func combine(_ vector: ColumnVector, into hashes: inout [UInt64]) {
    switch vector.type.physical {
    case .int8: combine(vector, Int8.self, into: &hashes) { UInt64(bitPattern: Int64($0)) }
    case .int16: combine(vector, Int16.self, into: &hashes) { UInt64(bitPattern: Int64($0)) }
    case .int32: combine(vector, Int32.self, into: &hashes) { UInt64(bitPattern: Int64($0)) }
    case .int64: combine(vector, Int64.self, into: &hashes) { UInt64(bitPattern: $0) }
    case .float32: combine(vector, Float.self, into: &hashes) { canonicalBits(Double($0)) }
    case .float64: combine(vector, Double.self, into: &hashes) { canonicalBits($0) }
    case .int128:
      let values = vector.values(as: Int128.self)
      combineRows(of: vector, into: &hashes) { row, hash in
        let low = mixBits(hash ^ UInt64(truncatingIfNeeded: values[row]))
        return mixBits(low ^ UInt64(truncatingIfNeeded: values[row] >> 64))
      }
    case .bytes:
      combineRows(of: vector, into: &hashes) { row, hash in
        vector.bytes(at: row).reduce(hash) { ($0 ^ UInt64($1)) &* prime }
      }
    }
  }

  /// Equal numbers have equal bits: one zero, one NaN.
  @inline(__always)
  fileprivate static func canonicalBits(_ number: Double) -> UInt64 {
    number.isNaN ? Double.nan.bitPattern : (number == 0 ? 0 : number).bitPattern
  }

  @inline(__always)
  private static func combine<T: BitwiseCopyable>(
    _ vector: ColumnVector, _ type: T.Type, into hashes: inout [UInt64], _ bits: (T) -> UInt64
  ) {
    let values = vector.values(as: T.self)
    combineRows(of: vector, into: &hashes) { row, hash in mixBits(hash ^ bits(values[row])) }
  }

  @inline(__always)
  private static func combineRows(
    of vector: ColumnVector, into hashes: inout [UInt64], _ body: (Int, UInt64) -> UInt64
  ) {
    for row in hashes.indices {
      hashes[row] =
        vector.isNull(row) ? (hashes[row] ^ 0xFF) &* prime : body(row, hashes[row])
    }
  }
}

extension BucketHash {
  /// The hash of one value more, of a column of a physical type.
  fileprivate static func combined(
    _ hash: UInt64, _ value: Value, _ type: PhysicalType
  ) -> UInt64 {
    switch value {
    case .null: return (hash ^ 0xFF) &* prime
    case .integer(let integer):
      let low = mixBits(hash ^ UInt64(truncatingIfNeeded: integer))
      return type == .int128 ? mixBits(low ^ UInt64(truncatingIfNeeded: integer >> 64)) : low
    case .floating(let number):
      return mixBits(hash ^ canonicalBits(type == .float32 ? Double(Float(number)) : number))
    case .string(var text):
      return text.withUTF8 { $0.reduce(hash) { ($0 ^ UInt64($1)) &* prime } }
    }
  }

  fileprivate static func bucket(_ hash: UInt64, of count: Int) -> Int {
    Int(mixBits(hash) % UInt64(count))
  }
}

extension TableDefinition {
  /// The only bucket that rows with these values of the distribution columns, in `distribution`
  /// order, can be in.
  public func bucket(of values: [Value]) -> Int {
    precondition(values.count == distribution.count)
    var hash = BucketHash.seed
    for (value, column) in zip(values, distribution) {
      hash = BucketHash.combined(hash, value, schema.columns[column].type.physical)
    }
    return BucketHash.bucket(hash, of: bucketCount)
  }

  /// The only bucket that the row of a unique key can be in.
  func bucket(ofKey key: [Value]) -> Int {
    var hash = BucketHash.seed
    for column in distribution {
      hash = BucketHash.combined(hash, key[column], schema.columns[column].type.physical)
    }
    return BucketHash.bucket(hash, of: bucketCount)
  }
}
