import StorageBase

/// Persistent flags of a string zone map: never change one.
private enum StringZoneFlag {
  static let minIsPrefix: UInt8 = 1
  static let maxIsNotExact: UInt8 = 2
  static let maxIsOpen: UInt8 = 4
}

extension ZoneMap {
  func encode(into writer: inout ByteWriter, column: Column) {
    if column.isNullable { writer.appendVarint(UInt64(nullCount)) }
    switch (min, max) {
    case (.integer(let least), .integer(let greatest)):
      writer.appendVarint128(zigzag(least))
      writer.appendVarint128(UInt128(bitPattern: greatest &- least))
    case (.floating(let least), .floating(let greatest)):
      if column.type.physical == .float32 {
        writer.append(Float(least).bitPattern)
        writer.append(Float(greatest).bitPattern)
      } else {
        writer.append(least)
        writer.append(greatest)
      }
    case (.string(let least), .string(let greatest)):
      writer.append(
        (isMinExact ? 0 : StringZoneFlag.minIsPrefix)
          | (isMaxExact ? 0 : StringZoneFlag.maxIsNotExact)
          | (isMaxOpen ? StringZoneFlag.maxIsOpen : 0))
      writer.append(least)
      writer.append(greatest)
    default: break
    }
  }

  static func decode(
    from reader: inout ByteReader, column: Column, rowCount: Int
  ) throws -> ZoneMap {
    let nullCount =
      column.isNullable ? try reader.readCount("null count", atMost: rowCount) : 0
    guard nullCount < rowCount else {
      return ZoneMap(min: .null, max: .null, nullCount: nullCount, rowCount: rowCount)
    }
    switch column.type.physical {
    case .int8, .int16, .int32, .int64, .int128:
      let least = unzigzag(try reader.readVarint128("zone minimum"))
      let range = try reader.readVarint128("zone range")
      let greatest = least &+ Int128(bitPattern: range)
      guard greatest >= least else {
        throw reader.corrupt("zone map", expected: "min <= max", found: "\(least) > \(greatest)")
      }
      return ZoneMap(
        min: .integer(least), max: .integer(greatest), nullCount: nullCount, rowCount: rowCount)
    case .float32:
      let least = Float(bitPattern: try reader.read(UInt32.self, "zone minimum"))
      let greatest = Float(bitPattern: try reader.read(UInt32.self, "zone maximum"))
      return ZoneMap(
        min: .floating(Double(least)), max: .floating(Double(greatest)), nullCount: nullCount,
        rowCount: rowCount)
    case .float64:
      let least = try reader.readDouble("zone minimum")
      let greatest = try reader.readDouble("zone maximum")
      return ZoneMap(
        min: .floating(least), max: .floating(greatest), nullCount: nullCount,
        rowCount: rowCount)
    case .bytes:
      let flags = try reader.read(UInt8.self, "zone flags")
      guard flags <= 7 else {
        throw reader.corrupt("zone flags", expected: "at most 7", found: "\(flags)")
      }
      let limit = SegmentLayout.zonePrefixByteCountMax
      let least = try reader.readString("zone minimum", atMost: limit)
      let greatest = try reader.readString("zone maximum", atMost: limit)
      return ZoneMap(
        min: .string(least), max: .string(greatest), nullCount: nullCount, rowCount: rowCount,
        isMaxOpen: flags & StringZoneFlag.maxIsOpen != 0,
        isMinExact: flags & StringZoneFlag.minIsPrefix == 0,
        isMaxExact: flags & StringZoneFlag.maxIsNotExact == 0)
    }
  }
}

private func zigzag(_ value: Int128) -> UInt128 {
  UInt128(bitPattern: (value << 1) ^ (value >> 127))
}

private func unzigzag(_ value: UInt128) -> Int128 {
  Int128(bitPattern: value >> 1) ^ -Int128(bitPattern: value & 1)
}

extension ByteWriter {
  fileprivate mutating func appendVarint128(_ value: UInt128) {
    var rest = value
    while rest >= 0x80 {
      append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    append(UInt8(rest))
  }
}

extension ByteReader {
  fileprivate mutating func readVarint128(_ what: String) throws -> UInt128 {
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
