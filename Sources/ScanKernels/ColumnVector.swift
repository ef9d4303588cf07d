import StorageBase

/// Some consecutive rows of one column in memory: the unit that loads, pages, merges and queries
/// hand around. Immutable and thread-safe.
///
/// A null row has its bit set in `nulls` and a zero (or empty) value in `body`.
public struct ColumnVector: Sendable {
  public enum Body: Sendable {
    /// `count` values of the type's physical width.
    case fixed(AlignedBuffer)
    case strings(StringTable)
    /// `count` `UInt32` codes into `dictionary`, whose entries are distinct (not necessarily
    /// sorted). Only for columns of physical type `bytes`.
    case coded(codes: AlignedBuffer, dictionary: StringTable)
    /// Integers as a frame of reference keeps them. Only where a reader asked for narrow vectors,
    /// and never with nulls.
    case offsets(OffsetVector)
    /// As `coded`, with codes of one byte: there are at most 256 entries. Only where a reader asked
    /// for narrow vectors.
    case byteCoded(codes: AlignedBuffer, dictionary: StringTable)
  }

  public let type: DataType
  public let count: Int
  public let body: Body
  /// One bit per row, set for null; nil when no row is null.
  public let nulls: Bitmap?

  public init(type: DataType, count: Int, body: Body, nulls: Bitmap? = nil) {
    self.type = type
    self.count = count
    self.body = body
    self.nulls = nulls
  }

  /// The values of a fixed-width column; valid while the vector is held.
  /// - Precondition: the body is `fixed` and `T` is the type's physical representation.
  @inlinable public func values<T: BitwiseCopyable>(as type: T.Type) -> UnsafeBufferPointer<T> {
    guard case .fixed(let buffer) = body else { preconditionFailure("not a fixed-width column") }
    return UnsafeBufferPointer(rebasing: buffer.values(as: T.self)[..<count])
  }

  /// Bytes of the values in memory, a dictionary included.
  public var byteCount: Int {
    switch body {
    case .fixed(let buffer): buffer.byteCount
    case .strings(let table): table.bytes.byteCount + table.offsets.byteCount
    case .coded(let codes, let dictionary), .byteCoded(let codes, let dictionary):
      codes.byteCount + dictionary.bytes.byteCount + dictionary.offsets.byteCount
    case .offsets(let offsets): offsets.lanes.byteCount
    }
  }

  @inlinable public func isNull(_ row: Int) -> Bool { nulls?[row] ?? false }

  /// The bytes of one row of a string column; valid while the vector is held.
  @inlinable public func bytes(at row: Int) -> UnsafeRawBufferPointer {
    switch body {
    case .strings(let table): return table[row]
    case .coded(let codes, let dictionary):
      return dictionary[Int(codes.values(as: UInt32.self)[row])]
    case .byteCoded(let codes, let dictionary):
      return dictionary[Int(codes.values(as: UInt8.self)[row])]
    case .fixed, .offsets: preconditionFailure("not a string column")
    }
  }

  /// One row as a value; for results, tests and messages, not for loops over rows.
  public subscript(row: Int) -> Value {
    precondition((0..<count).contains(row), "row \(row) is outside 0..<\(count)")
    if isNull(row) { return .null }
    if case .offsets(let offsets) = body { return .integer(Int128(offsets[row])) }
    switch type.physical {
    case .int8: return .integer(Int128(values(as: Int8.self)[row]))
    case .int16: return .integer(Int128(values(as: Int16.self)[row]))
    case .int32: return .integer(Int128(values(as: Int32.self)[row]))
    case .int64: return .integer(Int128(values(as: Int64.self)[row]))
    case .int128: return .integer(values(as: Int128.self)[row])
    case .float32: return .floating(Double(values(as: Float.self)[row]))
    case .float64: return .floating(values(as: Double.self)[row])
    case .bytes: return .string(String(decoding: bytes(at: row), as: UTF8.self))
    }
  }
}

/// The same rows of all columns of a schema, in its order.
public struct ColumnBatch: Sendable {
  public let schema: Schema
  public let rowCount: Int
  public let columns: [ColumnVector]

  /// - Precondition: one vector per column, of its type, all with `rowCount` rows.
  public init(schema: Schema, rowCount: Int, columns: [ColumnVector]) {
    precondition(columns.count == schema.columns.count)
    for (column, vector) in zip(schema.columns, columns) {
      precondition(vector.type == column.type && vector.count == rowCount)
    }
    self.schema = schema
    self.rowCount = rowCount
    self.columns = columns
  }
}
