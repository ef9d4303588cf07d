import StorageBase

/// Sort keys as bytes whose lexicographic order is that of the keys. No key of a schema is the
/// beginning of another.
public enum SortKeyBytes {
  /// Appends one column's value: null first, then by value, NaN after every number, strings by
  /// their bytes. An integer beyond the type counts as the type's extreme.
  static func append(_ value: Value, of column: Column, to bytes: inout [UInt8]) {
    if value.isNull {
      bytes.append(0)
      return
    }
    if column.isNullable { bytes.append(1) }
    switch (value, column.type.physical) {
    case (.integer(let integer), .int8): append(Int8(clamping: integer), to: &bytes)
    case (.integer(let integer), .int16): append(Int16(clamping: integer), to: &bytes)
    case (.integer(let integer), .int32): append(Int32(clamping: integer), to: &bytes)
    case (.integer(let integer), .int64): append(Int64(clamping: integer), to: &bytes)
    case (.integer(let integer), .int128): append(integer, to: &bytes)
    case (.floating(let number), .float32), (.floating(let number), .float64):
      // Both in double precision: a bound for floats need not be one itself.
      append(orderedInteger(number), to: &bytes)
    case (.string(let text), .bytes):
      for byte in text.utf8 {
        bytes.append(byte)
        if byte == 0 { bytes.append(0xFF) }
      }
      bytes.append(contentsOf: [0, 0])
    default: preconditionFailure("a value of another type than column \(column.name)")
    }
  }

  /// An integer that orders like the number: one zero, and one NaN after every number.
  @inline(__always) static func orderedInteger(_ number: Double) -> Int64 {
    let bits = Int64(bitPattern: FilterHash.canonical(number).bitPattern)
    return bits < 0 ? bits ^ .max : bits
  }

  private static func append<T: FixedWidthInteger & SignedInteger>(
    _ integer: T, to bytes: inout [UInt8]
  ) {
    withUnsafeBytes(of: ordered(integer)) { bytes.append(contentsOf: $0) }
  }

  /// The integer whose bytes in memory order like the number.
  @inline(__always)
  static func ordered<T: FixedWidthInteger & SignedInteger>(_ integer: T) -> T {
    (integer ^ T.min).bigEndian
  }
}
