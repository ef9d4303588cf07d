import CKernels
import ScanKernels
import StorageBase

// Decoding into the narrowest lanes that hold what is stored.
extension PageDecoder {
  /// The values of a page of packed integers as offsets; nil, with nothing read, when it has none.
  func readOffsets(
    _ reader: inout ByteReader, _ header: PageHeader, _ type: DataType
  ) throws -> ColumnVector.Body? {
    guard header.encoding == .bitPacked else { return nil }
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
    let width = Int(try ahead.read(UInt8.self, "integer block width"))
    guard let lane = OffsetVector.LaneWidth(bits: width), lane.rawValue * 8 < T.bitWidth else {
      return nil
    }
    let base = try ahead.read(T.self, "integer block base")
    let laneMax = UInt32(truncatingIfNeeded: (UInt64(1) << UInt64(width)) - 1)
    // Values beyond the type wrap around, which offsets do not.
    guard Int64(base) <= Int64(T.max) - Int64(laneMax) else { return nil }
    let packed = try ahead.readBytes(
      packedByteCount(header.rowCount, width: width), "integer block values")
    let lanes = AlignedBuffer(byteCount: header.rowCount * lane.rawValue)
    unpack(packed, count: header.rowCount, width: width, lane, into: lanes)
    reader = ahead
    return OffsetVector(lanes: lanes, laneWidth: lane, base: Int64(base), laneMax: laneMax)
      .map { .offsets($0) }
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
    let width = Int(try ahead.read(UInt8.self, "dictionary code width"))
    guard width <= 8, entryCount <= 256 else { return nil }
    let packed = try ahead.readBytes(packedByteCount(rowCount, width: width), "dictionary codes")
    let codes = AlignedBuffer(byteCount: rowCount)
    let values = codes.mutableValues(as: UInt8.self)
    ck_unpack8(packed.baseAddress, rowCount, UInt32(width), 0, values.baseAddress)
    if 1 << width > entryCount {
      var greatest: UInt8 = 0
      for code in values { greatest = max(greatest, code) }
      try requireCode(UInt32(greatest), ahead, entryCount: entryCount)
    }
    reader = ahead
    return codes
  }
}
