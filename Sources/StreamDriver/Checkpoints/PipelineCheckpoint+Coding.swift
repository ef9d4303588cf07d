import StorageBase

// The bytes of a checkpoint: see FORMAT.md.
extension PipelineCheckpoint {
  static let magic: [UInt8] = Array("SEDSTRM\0".utf8)
  static let format: UInt32 = 1
  /// More of anything is not believed.
  private static let countMax = 1 << 24

  public func encoded() -> [UInt8] {
    var writer = ByteWriter()
    writer.append(contentsOf: Self.magic)
    writer.append(Self.format)
    writer.append(UInt32(0))
    writer.append(number)
    writer.append(takenAt.rawValue)
    writer.append(pipeline)
    writer.append(watermark.rawValue)
    writer.append(counts.readRows)
    writer.append(counts.writtenRows)
    writer.append(counts.rejectedRows)
    writer.appendAll(partitions) { $0.append($1) }
    writer.appendVarint(UInt64(pending.count))
    for load in pending {
      writer.append(load.label)
      writer.append(load.transaction.rawValue)
    }
    writer.appendAll(operators) { writer, state in
      writer.appendVarint(UInt64(state.count))
      writer.append(contentsOf: state)
    }
    writer.appendAll(sideOutputs) { $0.append($1) }
    writer.appendChecksum()
    return writer.bytes
  }

  /// - Parameter path: where the bytes are from, for errors.
  /// - Throws: `StorageError.corrupt`, `StorageError.unsupportedFormat`.
  public init(decoding bytes: [UInt8], path: String) throws {
    self = try bytes.withUnsafeBytes { try Self.decode($0, path: path) }
  }

  private static func decode(
    _ bytes: UnsafeRawBufferPointer, path: String
  ) throws -> PipelineCheckpoint {
    var whole = ByteReader(bytes, file: path)
    guard try whole.readBytes(8, "magic").elementsEqual(magic) else {
      throw whole.corrupt("magic", expected: "SEDSTRM", found: "something else")
    }
    let format = try whole.read(UInt32.self, "format")
    guard format == Self.format else {
      throw StorageError.unsupportedFormat(
        file: path, found: "\(format)", supported: "\(Self.format)")
    }
    var checked = ByteReader(bytes, file: path)
    _ = try checked.readBytes(max(0, bytes.count - 4), "checkpoint")
    try checked.verifyChecksum("checkpoint")
    return try body(&whole)
  }

  private static func body(_ reader: inout ByteReader) throws -> PipelineCheckpoint {
    _ = try reader.read(UInt32.self, "reserved")
    var checkpoint = PipelineCheckpoint(
      number: try reader.read(UInt64.self, "number"), takenAt: try reader.readTime("time"),
      pipeline: try reader.read(UInt64.self, "pipeline"),
      watermark: try reader.readTime("watermark"))
    guard checkpoint.number >= 1 else {
      throw reader.corrupt("number", expected: "at least 1", found: "0")
    }
    checkpoint.counts = PipelineCounts(
      readRows: try reader.read(UInt64.self, "rows read"),
      writtenRows: try reader.read(UInt64.self, "rows written"),
      rejectedRows: try reader.read(UInt64.self, "rows rejected"))
    checkpoint.partitions = try reader.readAll("partition") { try $0.readPosition() }
    for _ in 0..<(try reader.readCount("load count", atMost: countMax)) {
      checkpoint.pending.append(
        PendingLoad(
          label: try reader.readString("label", atMost: Limits.labelByteCountMax),
          transaction: TransactionID(rawValue: try reader.read(UInt64.self, "transaction"))))
    }
    checkpoint.operators = try reader.readAll("operator") { reader in
      let count = try reader.readCount("state", atMost: Int.max)
      return Array(try reader.readBytes(count, "state"))
    }
    checkpoint.sideOutputs = try reader.readAll("side output") {
      try $0.read(UInt64.self, "length")
    }
    _ = try reader.read(UInt32.self, "checksum")
    try reader.requireEnd("checkpoint")
    return checkpoint
  }
}

extension ByteWriter {
  fileprivate mutating func append(_ position: SourcePosition) {
    append(position.offset)
    append(position.rowCount)
    append(position.digest)
  }

  /// The entries by ascending name.
  fileprivate mutating func appendAll<Value>(
    _ entries: [String: Value], _ appendValue: (inout ByteWriter, Value) -> Void
  ) {
    appendVarint(UInt64(entries.count))
    for (name, value) in entries.sorted(by: { $0.key < $1.key }) {
      append(name)
      appendValue(&self, value)
    }
  }
}

extension ByteReader {
  fileprivate mutating func readTime(_ what: String) throws -> Timestamp {
    Timestamp(rawValue: try read(Int64.self, what))
  }

  fileprivate mutating func readPosition() throws -> SourcePosition {
    SourcePosition(
      offset: try read(UInt64.self, "offset"), rowCount: try read(UInt64.self, "row"),
      digest: try read(UInt64.self, "digest"))
  }

  /// Entries whose names ascend.
  fileprivate mutating func readAll<Value>(
    _ what: String, _ readValue: (inout ByteReader) throws -> Value
  ) throws -> [String: Value] {
    var entries: [String: Value] = [:]
    var last: String?
    for _ in 0..<(try readCount("\(what) count", atMost: 1 << 24)) {
      let name = try readString("name of \(what)", atMost: 1 << 16)
      if let last, last >= name {
        throw corrupt("\(what) names", expected: "ascending names", found: name)
      }
      entries[name] = try readValue(&self)
      last = name
    }
    return entries
  }
}
