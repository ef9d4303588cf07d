import CKernels
import ScanKernels
import StorageBase

// Decoding into the narrowest lanes that hold what is stored.
extension PageDecoder {
  /// The values of a page of packed or dictionary-coded integers as offsets; nil, with nothing
  /// read, when it has none that are narrower.
  func readOffsets(
    _ reader: inout ByteReader, _ header: PageHeader, _ type: DataType
  ) throws -> ColumnVector.Body? {
    switch type.physical {
    case .int16: return try readOffsets(&reader, header, as: Int16.self)
    case .int32: return try readOffsets(&reader, header, as: Int32.self)
    case .int64: return try readOffsets(&reader, header, as: Int64.self)
    case .int8, .int128, .float32, .float64, .bytes: return nil
    }
  }

  private func readOffsets<T: ColumnInteger>(
    _ reader: inout ByteReader, _ header: PageHeader, as type: T.Type
  ) throws -> ColumnVector.Body? {
    var ahead = reader
    let offsets: OffsetVector?
    switch header.encoding {
    case .bitPacked: offsets = try readPackedOffsets(&ahead, header, as: type)
    case .dictionary: offsets = try readCodedOffsets(&ahead, header, as: type)
    case .plain, .runLength, .delta, .patched, .alp, .split, .symbols, .sharedDictionary:
      return nil
    }
    guard let offsets else { return nil }
    reader = ahead
    return .offsets(offsets)
  }

  /// Entries that are few steps apart, such as whole numbers in a decimal of two digits, as numbers
  /// of such steps.
  private func readCodedOffsets<T: ColumnInteger>(
    _ reader: inout ByteReader, _ header: PageHeader, as type: T.Type
  ) throws -> OffsetVector? {
    let count = try reader.readCount("dictionary entry count", atMost: header.rowCount)
    guard count <= 256 else { return nil }
    let entries = try readValueBlock(&reader, count: count, as: type, isFloat: false)
    let values = entries.values(as: type)
    guard let low = values.min(), let high = values.max(),
      let span = UInt64(exactly: Int128(high) - Int128(low))
    else { return nil }
    let step = values.reduce(UInt64(0)) { gcd($0, UInt64(Int128($1) - Int128(low))) }
    let factor = max(1, step)
    guard let steps = UInt8(exactly: span / factor), let narrow = Int64(exactly: factor),
      let codes = try readByteCodes(&reader, rowCount: header.rowCount, entryCount: count)
    else { return nil }
    var table = [UInt8](repeating: 0, count: 256)
    for (code, value) in values.enumerated() {
      table[code] = UInt8(UInt64(Int128(value) - Int128(low)) / factor)
    }
    let lanes = codes.mutableValues(as: UInt8.self).baseAddress
    KernelTable.current.group.map_u8(lanes, header.rowCount, table, lanes)
    return OffsetVector(
      lanes: codes, laneWidth: .one, base: Int64(low), factor: narrow, laneMax: UInt32(steps))
  }

  private func readPackedOffsets<T: ColumnInteger>(
    _ reader: inout ByteReader, _ header: PageHeader, as type: T.Type
  ) throws -> OffsetVector? {
    let width = Int(try reader.read(UInt8.self, "integer block width"))
    guard let lane = OffsetVector.LaneWidth(bits: width), lane.rawValue * 8 < T.bitWidth else {
      return nil
    }
    let base = try reader.read(T.self, "integer block base")
    let laneMax = UInt32(truncatingIfNeeded: (UInt64(1) << UInt64(width)) - 1)
    // Values beyond the type wrap around, which offsets do not.
    guard Int64(base) <= Int64(T.max) - Int64(laneMax) else { return nil }
    let packed = try reader.readBytes(
      packedByteCount(header.rowCount, width: width), "integer block values")
    let lanes = AlignedBuffer(byteCount: header.rowCount * lane.rawValue)
    unpack(packed, count: header.rowCount, width: width, lane, into: lanes)
    return OffsetVector(lanes: lanes, laneWidth: lane, base: Int64(base), laneMax: laneMax)
  }

  private func unpack(
    _ packed: UnsafeRawBufferPointer, count: Int, width: Int, _ lane: OffsetVector.LaneWidth,
    into lanes: AlignedBuffer
  ) {
    let (source, bits) = (packed.baseAddress, UInt32(width))
    switch lane {
    case .one: ck_unpack8(source, count, bits, 0, lanes.mutableValues(as: UInt8.self).baseAddress)
    case .two:
      ck_unpack16(source, count, bits, 0, lanes.mutableValues(as: UInt16.self).baseAddress)
    case .four:
      ck_unpack32(source, count, bits, 0, lanes.mutableValues(as: UInt32.self).baseAddress)
    }
  }

  /// A code of one byte per row, each less than `entryCount`; nil, with nothing read, when codes
  /// are wider.
  func readByteCodes(
    _ reader: inout ByteReader, rowCount: Int, entryCount: Int
  ) throws -> AlignedBuffer? {
    var ahead = reader
    let width = try ahead.read(UInt8.self, "dictionary code width")
    let codes = try readByteCodes(
      &ahead, rowCount: rowCount, entryCount: entryCount, width: width, least: 0)
    if codes != nil { reader = ahead }
    return codes
  }

  /// The same for codes of which `least` was subtracted.
  func readByteCodes(
    _ reader: inout ByteReader, rowCount: Int, entryCount: Int, width: UInt8, least: UInt32
  ) throws -> AlignedBuffer? {
    guard width <= 8, entryCount <= 256 else { return nil }
    // The greatest code there can be, so that none wraps around.
    let bound = Int(least) + (1 << Int(width)) - 1
    guard bound <= 255 else { return nil }
    let packed = try reader.readBytes(
      packedByteCount(rowCount, width: Int(width)), "dictionary codes")
    let codes = AlignedBuffer(byteCount: rowCount)
    let values = codes.mutableValues(as: UInt8.self)
    ck_unpack8(packed.baseAddress, rowCount, UInt32(width), UInt8(least), values.baseAddress)
    if bound >= entryCount {
      var greatest: UInt8 = 0
      for code in values { greatest = max(greatest, code) }
      try requireCode(UInt32(greatest), reader, entryCount: entryCount)
    }
    return codes
  }
}

private func gcd(_ a: UInt64, _ b: UInt64) -> UInt64 {
  var (a, b) = (a, b)
  while b != 0 { (a, b) = (b, a % b) }
  return a
}
