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

  /// Of so few rows, one in so many, the packed numbers are looked at one by one: with more of them
  /// most of the page comes through the memory anyhow, and front to back it comes faster.
  private static var rowsPerLookUp: Int { 128 }

  /// The same of some rows only, which cost nothing for the others; nil, with nothing read, also
  /// when there are too many of them for that.
  func readOffsets(
    at rows: [UInt32], _ reader: inout ByteReader, _ header: PageHeader, _ type: DataType
  ) throws -> ColumnVector.Body? {
    guard header.encoding == .bitPacked, rows.count * Self.rowsPerLookUp <= header.rowCount else {
      return nil
    }
    var ahead = reader
    let frame: Frame?
    switch type.physical {
    case .int16: frame = try readFrame(&ahead, header, as: Int16.self)
    case .int32: frame = try readFrame(&ahead, header, as: Int32.self)
    case .int64: frame = try readFrame(&ahead, header, as: Int64.self)
    case .int8, .int128, .float32, .float64, .bytes: return nil
    }
    guard let frame, frame.width > 0 else { return nil }
    reader = ahead
    let lanes = AlignedBuffer(byteCount: rows.count * 4)
    ck_unpack32_at(
      frame.packed.baseAddress, header.rowCount, UInt32(frame.width), rows, rows.count,
      lanes.mutableValues(as: UInt32.self).baseAddress)
    return OffsetVector(
      lanes: lanes, laneWidth: .four, base: frame.base, laneMax: frame.laneMax
    ).map { .offsets($0) }
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
    let factor = max(1, greatestStep(values, from: low))
    guard let steps = UInt8(exactly: span / factor), let narrow = Int64(exactly: factor),
      let codes = try readByteCodes(&reader, rowCount: header.rowCount, entryCount: count)
    else { return nil }
    var table = [UInt8](repeating: 0, count: 256)
    for (code, value) in values.enumerated() {
      table[code] = UInt8(truncatingIfNeeded: UInt64(truncatingIfNeeded: value &- low) / factor)
    }
    let lanes = codes.mutableValues(as: UInt8.self).baseAddress
    KernelTable.current.group.map_u8(lanes, header.rowCount, table, lanes)
    return OffsetVector(
      lanes: codes, laneWidth: .one, base: Int64(low), factor: narrow, laneMax: UInt32(steps))
  }

  /// Packed numbers and what is added to them.
  private struct Frame {
    let width: Int
    let lane: OffsetVector.LaneWidth
    let base: Int64
    let laneMax: UInt32
    let packed: UnsafeRawBufferPointer
  }

  /// Nil when the numbers are not narrower than their type.
  private func readFrame<T: ColumnInteger>(
    _ reader: inout ByteReader, _ header: PageHeader, as type: T.Type
  ) throws -> Frame? {
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
    return Frame(width: width, lane: lane, base: Int64(base), laneMax: laneMax, packed: packed)
  }

  private func readPackedOffsets<T: ColumnInteger>(
    _ reader: inout ByteReader, _ header: PageHeader, as type: T.Type
  ) throws -> OffsetVector? {
    guard let frame = try readFrame(&reader, header, as: type) else { return nil }
    let lanes = AlignedBuffer(byteCount: header.rowCount * frame.lane.rawValue)
    unpack(
      frame.packed, count: header.rowCount, width: frame.width, frame.lane, into: lanes)
    return OffsetVector(
      lanes: lanes, laneWidth: frame.lane, base: frame.base, laneMax: frame.laneMax)
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
      let greatest = KernelTable.current.aggregate.max_u8(values.baseAddress, rowCount)
      try requireCode(UInt32(greatest), reader, entryCount: entryCount)
    }
    return codes
  }
}

/// The greatest number that divides the distances of all values from the least; 0 when there are
/// none.
private func greatestStep<T: ColumnInteger>(
  _ values: UnsafeBufferPointer<T>, from low: T
) -> UInt64 {
  var step: UInt64 = 0
  for value in values {
    var rest = UInt64(truncatingIfNeeded: value &- low)
    // Mostly the first distances have found it, and one division tells.
    if step != 0, rest % step == 0 { continue }
    while rest != 0 { (step, rest) = (rest, step % rest) }
  }
  return step
}
