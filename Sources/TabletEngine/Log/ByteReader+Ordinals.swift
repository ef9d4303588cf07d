import StorageBase

extension ByteReader {
  /// Numbers that a store counts up stay below this, so that counting on from what was read cannot
  /// overflow, nor can the difference of two times.
  private static var ordinalLimit: Int64 { 1 << 61 }

  /// An id or a sequence number.
  mutating func readOrdinal(_ what: String) throws -> UInt64 {
    let value = try read(UInt64.self, what)
    guard value < UInt64(Self.ordinalLimit) else {
      throw corrupt(what, expected: "less than \(Self.ordinalLimit)", found: "\(value)")
    }
    return value
  }

  /// A version, from 0.
  mutating func readVersion(_ what: String) throws -> Version {
    let value = try read(Int64.self, what)
    guard (0..<Self.ordinalLimit).contains(value) else {
      throw corrupt(what, expected: "0..<\(Self.ordinalLimit)", found: "\(value)")
    }
    return Version(value)
  }

  /// Microseconds since 1970, at most some 70 000 years from it.
  mutating func readTimestamp(_ what: String) throws -> Timestamp {
    let value = try read(Int64.self, what)
    guard (-Self.ordinalLimit..<Self.ordinalLimit).contains(value) else {
      throw corrupt(what, expected: "a time within 2^61 us of 1970", found: "\(value)")
    }
    return Timestamp(rawValue: value)
  }

  /// The number of a table or of a log file.
  mutating func readSmallOrdinal(_ what: String) throws -> UInt32 {
    let value = try read(UInt32.self, what)
    guard value <= UInt32(Int32.max) else {
      throw corrupt(what, expected: "at most \(Int32.max)", found: "\(value)")
    }
    return value
  }
}
