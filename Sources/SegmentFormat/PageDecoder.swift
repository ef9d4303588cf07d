import ScanKernels
import StorageBase

/// Turns the payload of a page into a vector. The bytes may be hostile: whatever they are, the
/// result is a well-formed vector of the page's row count or `StorageError.corrupt`.
struct PageDecoder {
  let decompressor: PageDecompressor
  let file: String

  /// - Parameters:
  ///   - payload: what is stored after the header; `offset` is where, in the file.
  ///   - rows: only these rows, in this order; nil for all. Each is below the page's row count.
  ///   - dictionary: that of the column, for a page that shares it.
  func decode(
    _ header: PageHeader, payload: UnsafeRawBufferPointer, offset: UInt64, type: DataType,
    form: VectorForm, rows: [UInt32]?, dictionary: StringTable?
  ) throws -> ColumnVector {
    guard header.compression != .none else {
      return try decode(
        header, raw: payload, offset: offset, type: type, form: form, rows: rows,
        dictionary: dictionary)
    }
    func damage(_ found: String) -> StorageError {
      .corrupt(
        file: file, offset: offset, what: "compressed page",
        expected: "\(header.rawByteCount) bytes after \(header.compression)", found: found)
    }
    guard
      decompressor.isPossible(
        payload, header.compression, rawByteCount: header.rawByteCount)
    else { throw damage("\(payload.count) bytes that cannot become so many") }
    let raw = AlignedBuffer(byteCount: header.rawByteCount)
    guard decompressor.decompress(payload, header.compression, into: raw.mutableBytes) else {
      throw damage("\(payload.count) bytes that do not decompress to them")
    }
    return try withExtendedLifetime(raw) {
      try decode(
        header, raw: raw.bytes, offset: offset, type: type, form: form, rows: rows,
        dictionary: dictionary)
    }
  }

  private func decode(
    _ header: PageHeader, raw: UnsafeRawBufferPointer, offset: UInt64, type: DataType,
    form: VectorForm, rows: [UInt32]?, dictionary: StringTable?
  ) throws -> ColumnVector {
    var reader = ByteReader(raw, file: file, origin: offset)
    let nulls = header.hasNulls ? try readNulls(&reader, rowCount: header.rowCount) : nil
    if form == .narrow, nulls == nil {
      if let rows, let body = try readOffsets(at: rows, &reader, header, type) {
        try reader.requireEnd("page payload")
        return ColumnVector(type: type, count: rows.count, body: body)
      }
      if let body = try readOffsets(&reader, header, type) {
        try reader.requireEnd("page payload")
        let vector = ColumnVector(type: type, count: header.rowCount, body: body)
        return rows.map(vector.gather) ?? vector
      }
    }
    let body: ColumnVector.Body
    switch type.physical {
    case .int8: body = .fixed(try readFixed(&reader, header, nulls, as: Int8.self, isFloat: false))
    case .int16:
      body = .fixed(try readFixed(&reader, header, nulls, as: Int16.self, isFloat: false))
    case .int32:
      body = .fixed(try readFixed(&reader, header, nulls, as: Int32.self, isFloat: false))
    case .int64:
      body = .fixed(try readFixed(&reader, header, nulls, as: Int64.self, isFloat: false))
    case .int128:
      body = .fixed(try readFixed(&reader, header, nulls, as: Int128.self, isFloat: false))
    case .float32:
      body = .fixed(try readFixed(&reader, header, nulls, as: Int32.self, isFloat: true))
    case .float64:
      body = .fixed(try readFixed(&reader, header, nulls, as: Int64.self, isFloat: true))
    case .bytes: body = try readStrings(&reader, header, form, dictionary)
    }
    try reader.requireEnd("page payload")
    let vector = ColumnVector(type: type, count: header.rowCount, body: body, nulls: nulls)
    return rows.map(vector.gather) ?? vector
  }

  private func readNulls(_ reader: inout ByteReader, rowCount: Int) throws -> Bitmap {
    let flags = try reader.readBytes((rowCount + 7) / 8, "null flags")
    let bitmap = Bitmap(count: rowCount)
    bitmap.storage.mutableBytes.copyMemory(from: flags)
    if rowCount % 64 != 0, bitmap.words[rowCount / 64] >> UInt64(rowCount % 64) != 0 {
      throw reader.corrupt(
        "null flags", expected: "zero bits after row \(rowCount)", found: "others")
    }
    return bitmap
  }

  private func readStrings(
    _ reader: inout ByteReader, _ header: PageHeader, _ form: VectorForm, _ shared: StringTable?
  ) throws -> ColumnVector.Body {
    switch header.encoding {
    case .plain: return .strings(try StringBlock.read(&reader, count: header.rowCount))
    case .dictionary:
      let count = try reader.readCount("dictionary entry count", atMost: header.rowCount)
      let entries = try StringBlock.read(&reader, count: count)
      if form == .narrow,
        let codes = try readByteCodes(&reader, rowCount: header.rowCount, entryCount: count)
      {
        return .byteCoded(codes: codes, dictionary: entries)
      }
      let codes = try readCodes(&reader, rowCount: header.rowCount, entryCount: count)
      return .coded(codes: codes, dictionary: entries)
    case .sharedDictionary:
      guard let shared else {
        throw reader.corrupt(
          "page encoding", expected: "a column with a dictionary", found: "\(header.encoding)")
      }
      let width = try reader.read(UInt8.self, "dictionary code width")
      let least = try reader.read(UInt32.self, "least dictionary code")
      if form == .narrow,
        let codes = try readByteCodes(
          &reader, rowCount: header.rowCount, entryCount: shared.count, width: width,
          least: least)
      {
        return .byteCoded(codes: codes, dictionary: shared)
      }
      let codes = try readCodes(
        &reader, rowCount: header.rowCount, entryCount: shared.count, width: width, least: least)
      return .coded(codes: codes, dictionary: shared)
    case .symbols: return .strings(try SymbolBlock.read(&reader, count: header.rowCount))
    case .bitPacked, .runLength, .delta, .patched, .alp, .split:
      throw reader.corrupt(
        "page encoding", expected: "one for strings", found: "\(header.encoding)")
    }
  }

  /// A code per row, each less than `entryCount`.
  func readCodes(
    _ reader: inout ByteReader, rowCount: Int, entryCount: Int
  ) throws -> AlignedBuffer {
    let width = try reader.read(UInt8.self, "dictionary code width")
    return try readCodes(
      &reader, rowCount: rowCount, entryCount: entryCount, width: width, least: 0)
  }

  private func readCodes(
    _ reader: inout ByteReader, rowCount: Int, entryCount: Int, width: UInt8, least: UInt32
  ) throws -> AlignedBuffer {
    let buffer = AlignedBuffer(byteCount: rowCount * 4)
    let codes = buffer.mutableValues(as: UInt32.self)
    try PackedNumbers.read(
      &reader, count: rowCount, least: least, width: width, into: codes.baseAddress!,
      "dictionary codes")
    // Codes of so few bits cannot be too great.
    if Int(least) + (1 << Int(width)) <= entryCount { return buffer }
    let greatest = KernelTable.current.aggregate.max_u32(codes.baseAddress, rowCount)
    try requireCode(greatest, reader, entryCount: entryCount)
    return buffer
  }

  func requireCode(_ greatest: UInt32, _ reader: ByteReader, entryCount: Int) throws {
    guard Int(greatest) < entryCount else {
      throw reader.corrupt(
        "dictionary codes", expected: "less than \(entryCount)", found: "\(greatest)")
    }
  }
}
