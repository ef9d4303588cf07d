import ScanKernels
import StorageBase

extension PageDecoder {
  /// The values of a fixed-width page, with a zero for every null row.
  /// - Parameter isFloat: the integers are the bits of floating-point numbers, never packed.
  func readFixed<T: ColumnInteger>(
    _ reader: inout ByteReader, _ header: PageHeader, _ nulls: Bitmap?, as type: T.Type,
    isFloat: Bool
  ) throws -> AlignedBuffer {
    try requireFit(reader, header.encoding, isFloat: isFloat, bitWidth: T.bitWidth)
    let buffer = AlignedBuffer(byteCount: header.rowCount * MemoryLayout<T>.size)
    let values = buffer.mutableValues(as: T.self)
    guard let target = values.baseAddress else { return buffer }
    switch header.encoding {
    case .plain:
      try readPlain(&reader, count: header.rowCount, into: target)
    case .bitPacked:
      try IntegerBlock.read(&reader, count: header.rowCount, into: target)
    case .runLength:
      try readRuns(&reader, rowCount: header.rowCount, isFloat: isFloat, into: values)
    case .dictionary:
      let count = try reader.readCount("dictionary entry count", atMost: header.rowCount)
      let entries = try readValueBlock(&reader, count: count, as: T.self, isFloat: isFloat)
      let codes = try readCodes(&reader, rowCount: header.rowCount, entryCount: count)
      let codeValues = codes.values(as: UInt32.self)
      let entryValues = entries.values(as: T.self)
      for row in 0..<header.rowCount { target[row] = entryValues[Int(codeValues[row])] }
    case .patched:
      try IntegerBlock.read(
        &reader, count: header.rowCount, into: target, allowsPatches: true)
    case .delta:
      try readDifferences(&reader, count: header.rowCount, into: target)
    case .alp:
      try ALPBlock.read(
        &reader, count: header.rowCount, isDouble: T.bitWidth == 64,
        into: UnsafeMutableRawPointer(target))
    case .split:
      try SplitBlock.read(
        &reader, count: header.rowCount,
        into: UnsafeMutableRawPointer(target).assumingMemoryBound(to: Int128.self))
    case .symbols, .sharedDictionary: preconditionFailure("refused above")
    }
    nulls?.forEachSet { target[$0] = 0 }
    return buffer
  }

  /// Not every encoding goes with every type.
  private func requireFit(
    _ reader: ByteReader, _ encoding: PageEncoding, isFloat: Bool, bitWidth: Int
  ) throws {
    let fits =
      switch encoding {
      case .plain, .runLength, .dictionary: true
      case .bitPacked, .patched: !isFloat
      case .delta: !isFloat && bitWidth <= 64
      case .alp: isFloat
      case .split: bitWidth == 128
      case .symbols, .sharedDictionary: false
      }
    guard fits else {
      throw reader.corrupt(
        "page encoding", expected: "one for the type of the column", found: "\(encoding)")
    }
  }

  /// Values as running sums of the differences between neighbours.
  private func readDifferences<T: ColumnInteger>(
    _ reader: inout ByteReader, count: Int, into target: UnsafeMutablePointer<T>
  ) throws {
    let start = try reader.read(T.self, "start of differences")
    try IntegerBlock.read(&reader, count: count, into: target, allowsPatches: true)
    T.sumPrefixes(target, count: count, start: start)
  }

  private func readPlain<T: ColumnInteger>(
    _ reader: inout ByteReader, count: Int, into target: UnsafeMutablePointer<T>
  ) throws {
    let bytes = try reader.readBytes(count * MemoryLayout<T>.size, "plain values")
    UnsafeMutableRawBufferPointer(start: target, count: bytes.count).copyMemory(from: bytes)
  }

  func readValueBlock<T: ColumnInteger>(
    _ reader: inout ByteReader, count: Int, as type: T.Type, isFloat: Bool
  ) throws -> AlignedBuffer {
    let buffer = AlignedBuffer(byteCount: count * MemoryLayout<T>.size)
    guard let target = buffer.mutableValues(as: T.self).baseAddress else { return buffer }
    if isFloat {
      try readPlain(&reader, count: count, into: target)
    } else {
      try IntegerBlock.read(&reader, count: count, into: target)
    }
    return buffer
  }

  private func readRuns<T: ColumnInteger>(
    _ reader: inout ByteReader, rowCount: Int, isFloat: Bool,
    into values: UnsafeMutableBufferPointer<T>
  ) throws {
    let runCount = try reader.readCount("run count", atMost: rowCount)
    let heads = try readValueBlock(&reader, count: runCount, as: T.self, isFloat: isFloat)
    let lengths = AlignedBuffer(byteCount: runCount * 4)
    let lengthValues = lengths.mutableValues(as: UInt32.self)
    let width = try reader.read(UInt8.self, "run length width")
    if let target = lengthValues.baseAddress {
      try PackedNumbers.read(&reader, count: runCount, width: width, into: target, "run lengths")
    }
    let headValues = heads.values(as: T.self)
    var row = 0
    for run in 0..<runCount {
      let length = Int(lengthValues[run])
      guard length >= 1, length <= rowCount - row else {
        throw reader.corrupt(
          "run length", expected: "1...\(rowCount - row)", found: "\(length)")
      }
      (values.baseAddress! + row).update(repeating: headValues[run], count: length)
      row += length
    }
    guard row == rowCount else {
      throw reader.corrupt("run lengths", expected: "\(rowCount) rows", found: "\(row)")
    }
  }
}
