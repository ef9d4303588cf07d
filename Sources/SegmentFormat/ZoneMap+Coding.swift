import StorageBase

extension ZoneMap {
  private static let minIsPrefix: UInt8 = 1
  private static let maxIsRaised: UInt8 = 2
  private static let maxIsOpen: UInt8 = 4

  /// Appends what FORMAT.md calls a zone map; the row count is known to the reader.
  func encode(for column: Column, to writer: inout ByteWriter) {
    if column.isNullable { writer.appendVarint(UInt64(nullCount)) }
    switch (min, max) {
    case (.integer(let low), .integer(let high)):
      writer.appendVarint(wide: UInt128(bitPattern: (low << 1) ^ (low >> 127)))
      writer.appendVarint(wide: UInt128(bitPattern: high &- low))
    case (.floating(let low), .floating(let high)):
      if column.type == .float {
        writer.append(Float(low).bitPattern)
        writer.append(Float(high).bitPattern)
      } else {
        writer.append(low)
        writer.append(high)
      }
    case (.string(let low), .string(let high)):
      writer.append(
        (isMinExact ? 0 : Self.minIsPrefix) | (isMaxExact ? 0 : Self.maxIsRaised)
          | (isMaxOpen ? Self.maxIsOpen : 0))
      writer.append(low)
      writer.append(high)
    default:
      precondition(isAllNull, "a zone map without bounds")
    }
  }

  init(decoding reader: inout ByteReader, for column: Column, rowCount: Int) throws {
    let nulls =
      column.isNullable ? try reader.readCount("zone map null count", atMost: rowCount) : 0
    guard nulls < rowCount else {
      self.init(allNull: rowCount)
      return
    }
    switch column.type.physical {
    case .int8, .int16, .int32, .int64, .int128:
      let zigzag = try reader.readWideVarint("zone map min")
      let low = Int128(bitPattern: zigzag >> 1) ^ -Int128(bitPattern: zigzag & 1)
      let range = try reader.readWideVarint("zone map range")
      let (high, overflow) = UInt128(bitPattern: low ^ .min).addingReportingOverflow(range)
      let top = Int128(bitPattern: high) ^ .min
      guard !overflow, column.type.physical.holds(low), column.type.physical.holds(top) else {
        throw reader.corrupt(
          "zone map", expected: "bounds of type \(column.type)", found: "others")
      }
      self.init(min: .integer(low), max: .integer(top), nullCount: nulls, rowCount: rowCount)
    case .float32:
      let low = Float(bitPattern: try reader.read(UInt32.self, "zone map min"))
      let high = Float(bitPattern: try reader.read(UInt32.self, "zone map max"))
      self.init(
        min: .floating(Double(low)), max: .floating(Double(high)), nullCount: nulls,
        rowCount: rowCount)
    case .float64:
      let low = try reader.readDouble("zone map min")
      let high = try reader.readDouble("zone map max")
      self.init(min: .floating(low), max: .floating(high), nullCount: nulls, rowCount: rowCount)
    case .bytes:
      let flags = try reader.read(UInt8.self, "zone map flags")
      guard flags <= Self.minIsPrefix | Self.maxIsRaised | Self.maxIsOpen else {
        throw reader.corrupt("zone map flags", expected: "known bits", found: "\(flags)")
      }
      let limit = SegmentLayout.zonePrefixByteCountMax
      let low = try reader.readString("zone map min", atMost: limit)
      let high = try reader.readString("zone map max", atMost: limit)
      self.init(
        min: .string(low), max: .string(high), nullCount: nulls, rowCount: rowCount,
        isMinExact: flags & Self.minIsPrefix == 0, isMaxExact: flags & Self.maxIsRaised == 0,
        isMaxOpen: flags & Self.maxIsOpen != 0)
    }
  }
}

extension PhysicalType {
  /// Whether an integer of this width can have the value.
  fileprivate func holds(_ value: Int128) -> Bool {
    let spare = Int128(128 - width * 8)
    return (value << spare) >> spare == value
  }
}

extension ByteWriter {
  /// As `appendVarint`, for 128 bits; 1 to 19 bytes.
  fileprivate mutating func appendVarint(wide value: UInt128) {
    var rest = value
    while rest > UInt128(UInt64.max) {
      append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    appendVarint(UInt64(rest))
  }
}

extension ByteReader {
  fileprivate mutating func readWideVarint(_ what: String) throws -> UInt128 {
    var value: UInt128 = 0
    for shift in stride(from: 0, through: 126, by: 7) {
      let byte = try read(UInt8.self, what)
      if shift == 126 && byte > 3 { break }
      value |= UInt128(byte & 0x7F) << UInt128(shift)
      if byte < 0x80 { return value }
    }
    throw corrupt(what, expected: "a varint of at most 128 bits", found: "a longer one")
  }
}
