import ScanKernels
import StorageBase

/// Turns the payload of a page back into values (see FORMAT.md). The bytes may be hostile: every
/// length is checked, and what does not add up is `StorageError.corrupt`.
struct PageDecoder {
  let type: DataType
  let rowCount: Int
  let file: String
  /// Where the payload, or the page it was compressed in, lies in the file.
  let offset: UInt64

  func decode(
    _ payload: UnsafeRawBufferPointer, encoding: PageEncoding, hasNulls: Bool
  ) throws -> ColumnVector {
    var reader = ByteReader(payload, file: file, origin: offset)
    let nulls = hasNulls ? try readNulls(&reader) : nil
    let body: ColumnVector.Body
    switch type.physical {
    case .int8: body = .fixed(try decodeIntegers(&reader, encoding, Int8.self, nulls))
    case .int16: body = .fixed(try decodeIntegers(&reader, encoding, Int16.self, nulls))
    case .int32: body = .fixed(try decodeIntegers(&reader, encoding, Int32.self, nulls))
    case .int64: body = .fixed(try decodeIntegers(&reader, encoding, Int64.self, nulls))
    case .int128: body = .fixed(try decodeIntegers(&reader, encoding, Int128.self, nulls))
    case .float32: body = .fixed(try decodeBits(&reader, encoding, Int32.self, nulls))
    case .float64: body = .fixed(try decodeBits(&reader, encoding, Int64.self, nulls))
    case .bytes: body = try decodeStrings(&reader, encoding)
    }
    try reader.requireEnd("page payload")
    return ColumnVector(type: type, count: rowCount, body: body, nulls: nulls)
  }

  private func readNulls(_ reader: inout ByteReader) throws -> Bitmap {
    let bytes = try reader.readBytes((rowCount + 7) / 8, "null flags")
    let bitmap = Bitmap(count: rowCount)
    bitmap.storage.mutableBytes.copyMemory(from: bytes)
    if rowCount % 8 != 0, let last = bytes.last, last >> UInt8(rowCount % 8) != 0 {
      throw reader.corrupt("null flags", expected: "zero after the last row", found: "\(last)")
    }
    return bitmap
  }

  private func buffer<T>(of type: T.Type, count: Int) -> AlignedBuffer {
    AlignedBuffer(byteCount: count * MemoryLayout<T>.stride)
  }

  private func badEncoding(_ reader: ByteReader, _ encoding: PageEncoding) -> StorageError {
    reader.corrupt("encoding", expected: "one for \(type)", found: "\(encoding)")
  }

  // MARK: Numbers

  private func decodeIntegers<T: ColumnInteger>(
    _ reader: inout ByteReader, _ encoding: PageEncoding, _ type: T.Type, _ nulls: Bitmap?
  ) throws -> AlignedBuffer {
    let values = buffer(of: T.self, count: rowCount)
    switch encoding {
    case .bitPacked:
      try readIntegerBlock(&reader, count: rowCount, into: values.mutableValues(as: T.self))
    case .plain: try readPlain(&reader, count: rowCount, into: values.mutableValues(as: T.self))
    case .runLength, .dictionary:
      try decodeIndirect(&reader, encoding, values.mutableValues(as: T.self)) {
        try readIntegerBlock(&$0, count: $1, into: $2)
      }
    }
    clearNulls(nulls, in: values.mutableValues(as: T.self))
    return values
  }

  private func decodeBits<T: ColumnInteger>(
    _ reader: inout ByteReader, _ encoding: PageEncoding, _ type: T.Type, _ nulls: Bitmap?
  ) throws -> AlignedBuffer {
    let values = buffer(of: T.self, count: rowCount)
    switch encoding {
    case .bitPacked: throw badEncoding(reader, encoding)
    case .plain: try readPlain(&reader, count: rowCount, into: values.mutableValues(as: T.self))
    case .runLength, .dictionary:
      try decodeIndirect(&reader, encoding, values.mutableValues(as: T.self)) {
        try readPlain(&$0, count: $1, into: $2)
      }
    }
    clearNulls(nulls, in: values.mutableValues(as: T.self))
    return values
  }

  /// Whatever the writer left in null rows becomes zero.
  private func clearNulls<T: ColumnInteger>(
    _ nulls: Bitmap?, in values: UnsafeMutableBufferPointer<T>
  ) {
    nulls?.forEachSet { values[$0] = 0 }
  }

  private typealias ReadBlock<T> = (
    inout ByteReader, Int, UnsafeMutableBufferPointer<T>
  ) throws -> Void

  /// Run-length and dictionary pages: few values, and for each row which one.
  private func decodeIndirect<T: ColumnInteger>(
    _ reader: inout ByteReader, _ encoding: PageEncoding,
    _ values: UnsafeMutableBufferPointer<T>, readBlock: ReadBlock<T>
  ) throws {
    let count = try reader.readCount("number of values", atMost: rowCount)
    let entries = buffer(of: T.self, count: count)
    try readBlock(&reader, count, entries.mutableValues(as: T.self))
    let source = entries.values(as: T.self)
    if encoding == .dictionary {
      let codes = try readCodes(&reader, entryCount: count)
      let numbers = codes.values(as: UInt32.self)
      for row in 0..<rowCount { values[row] = source[Int(numbers[row])] }
      return
    }
    let lengths = buffer(of: UInt32.self, count: count)
    try readPacked(&reader, count: count, into: lengths)
    var row = 0
    for run in 0..<count {
      let length = Int(lengths.values(as: UInt32.self)[run])
      guard length >= 1, length <= rowCount - row else {
        throw reader.corrupt(
          "run length", expected: "1 to \(rowCount - row)", found: "\(length)")
      }
      UnsafeMutableBufferPointer(rebasing: values[row..<row + length])
        .update(repeating: source[run])
      row += length
    }
    guard row == rowCount else {
      throw reader.corrupt("run lengths", expected: "\(rowCount) rows", found: "\(row)")
    }
  }

  private func readPlain<T: ColumnInteger>(
    _ reader: inout ByteReader, count: Int, into target: UnsafeMutableBufferPointer<T>
  ) throws {
    let bytes = try reader.readBytes(count * MemoryLayout<T>.size, "values")
    UnsafeMutableRawBufferPointer(target).copyMemory(from: bytes)
  }

  private func readIntegerBlock<T: ColumnInteger>(
    _ reader: inout ByteReader, count: Int, into target: UnsafeMutableBufferPointer<T>
  ) throws {
    let width = try reader.read(UInt8.self, "bit width")
    if width == SegmentLayout.plainBlockMark {
      return try readPlain(&reader, count: count, into: target)
    }
    guard width <= min(64, T.bitWidth) else {
      throw reader.corrupt(
        "bit width", expected: "0 to \(min(64, T.bitWidth))", found: "\(width)")
    }
    let base = try reader.read(T.self, "base value")
    let packed = try reader.readBytes(packedByteCount(count, width: Int(width)), "packed values")
    guard count > 0, let output = target.baseAddress else { return }
    withExtendedSource(packed) {
      T.unpack($0, count: count, width: Int(width), base: base, into: output)
    }
  }

  /// `ByteReader` gives a nil address for no bytes, which the kernels for width 0 never look at.
  private func withExtendedSource(
    _ bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawPointer) -> Void
  ) {
    if let address = bytes.baseAddress {
      body(address)
    } else {
      withUnsafeTemporaryAllocation(byteCount: 64, alignment: 64) {
        if let address = $0.baseAddress { body(UnsafeRawPointer(address)) }
      }
    }
  }

  private func readPacked(
    _ reader: inout ByteReader, count: Int, into target: AlignedBuffer
  ) throws {
    let width = try reader.read(UInt8.self, "bit width")
    guard width <= 32 else {
      throw reader.corrupt("bit width", expected: "0 to 32", found: "\(width)")
    }
    let packed = try reader.readBytes(packedByteCount(count, width: Int(width)), "packed numbers")
    guard count > 0, let output = target.mutableValues(as: Int32.self).baseAddress else { return }
    withExtendedSource(packed) {
      Int32.unpack($0, count: count, width: Int(width), base: 0, into: output)
    }
  }

  /// A code per row, each checked to be less than `entryCount`.
  private func readCodes(_ reader: inout ByteReader, entryCount: Int) throws -> AlignedBuffer {
    let codes = buffer(of: UInt32.self, count: rowCount)
    try readPacked(&reader, count: rowCount, into: codes)
    var greatest: UInt32 = 0
    for code in codes.values(as: UInt32.self) { greatest = max(greatest, code) }
    guard Int(greatest) < entryCount else {
      throw reader.corrupt(
        "dictionary code", expected: "less than \(entryCount)", found: "\(greatest)")
    }
    return codes
  }

  // MARK: Strings

  private func decodeStrings(
    _ reader: inout ByteReader, _ encoding: PageEncoding
  ) throws -> ColumnVector.Body {
    switch encoding {
    case .plain:
      let offsets = try readOffsets(&reader, count: rowCount)
      return .strings(try readStrings(&reader, offsets, count: rowCount))
    case .dictionary:
      let count = try reader.readCount("dictionary entries", atMost: rowCount)
      let offsets = try readOffsets(&reader, count: count)
      let total = try reader.read(UInt32.self, "dictionary bytes")
      guard total == offsets.values(as: UInt32.self)[count] else {
        throw reader.corrupt(
          "dictionary bytes", expected: "\(offsets.values(as: UInt32.self)[count])",
          found: "\(total)")
      }
      let entries = try readStrings(&reader, offsets, count: count)
      return .coded(codes: try readCodes(&reader, entryCount: count), dictionary: entries)
    case .bitPacked, .runLength: throw badEncoding(reader, encoding)
    }
  }

  /// Packed lengths, summed up to offsets.
  private func readOffsets(_ reader: inout ByteReader, count: Int) throws -> AlignedBuffer {
    let width = try reader.read(UInt8.self, "bit width")
    let least = try reader.read(UInt32.self, "least length")
    guard width <= 32 else {
      throw reader.corrupt("bit width", expected: "0 to 32", found: "\(width)")
    }
    let packed = try reader.readBytes(packedByteCount(count, width: Int(width)), "packed lengths")
    let offsets = buffer(of: UInt32.self, count: count + 1)
    let ends = offsets.mutableValues(as: UInt32.self)
    ends[0] = 0
    guard count > 0 else { return offsets }
    withExtendedSource(packed) { source in
      offsets.mutableValues(as: Int32.self).baseAddress.map {
        Int32.unpack(
          source, count: count, width: Int(width), base: Int32(bitPattern: least), into: $0 + 1)
      }
    }
    var total: UInt64 = 0
    for index in 1...count {
      total &+= UInt64(ends[index])
      guard total <= UInt64(Limits.pageByteCountMax) else {
        throw reader.corrupt(
          "string lengths", expected: "at most \(Limits.pageByteCountMax) bytes",
          found: "\(total)")
      }
      ends[index] = UInt32(total)
    }
    return offsets
  }

  private func readStrings(
    _ reader: inout ByteReader, _ offsets: AlignedBuffer, count: Int
  ) throws -> StringTable {
    let byteCount = Int(offsets.values(as: UInt32.self)[count])
    let bytes = try reader.readBytes(byteCount, "string bytes")
    return StringTable(count: count, offsets: offsets, bytes: .copy(of: bytes))
  }
}
