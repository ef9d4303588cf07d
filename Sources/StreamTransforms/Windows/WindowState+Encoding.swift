import ScanKernels
import StorageBase

/// The bytes of a state, as `FORMAT.md` has them.
extension WindowState {
  static let formatVersion: UInt8 = 1
  private static let partitionCountMax = 1 << 20
  private static let fingerprintByteCountMax = 1 << 20
  /// Sessions whose rows are in the table of results while they wait for their end as one.
  private static let emittedCountMax = 1 << 24

  /// Equal states have equal bytes, but for sums of floating-point numbers, whose parts depend on
  /// the order of additions (their sum does not).
  public func encode() -> [UInt8] {
    var writer = ByteWriter()
    writer.append(Self.formatVersion)
    writer.append(plan.fingerprint)
    Self.append(watermark, to: &writer)
    Self.append(purgedWatermark, to: &writer)
    writer.appendVarint(UInt64(maxima.count))
    for (name, greatest) in maxima.sorted(by: { $0.key < $1.key }) {
      writer.append(name)
      writer.append(greatest)
    }
    writer.appendVarint(UInt64(slotsOfKey.count))
    for (key, slots) in slotsOfKey.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
      writer.append(contentsOf: key)
      writer.appendVarint(UInt64(slots.count))
      for slot in slots { encode(Int(slot), to: &writer) }
    }
    return writer.bytes
  }

  private func encode(_ slot: Int, to writer: inout ByteWriter) {
    writer.append(starts[slot])
    writer.append(ends[slot])
    writer.append(UInt8(isChanged[slot] ? 1 : 0))
    writer.appendVarint(UInt64(emittedStarts[slot].count))
    for start in emittedStarts[slot].sorted() { writer.append(start) }
    for lane in lanes {
      lane.grow(to: keys.count)
      lane.encode(slot, to: &writer)
    }
  }

  private static func append(_ time: Timestamp?, to writer: inout ByteWriter) {
    writer.append(UInt8(time == nil ? 0 : 1))
    writer.append(time?.rawValue ?? 0)
  }

  /// Reads what `encode` wrote.
  /// - Parameter file: names the source of the bytes in errors.
  /// - Throws: `StorageError.corrupt` for bytes that are no state, `.unsupportedFormat` for a newer
  ///   version, and `.invalidArgument` for the state of other windows.
  public convenience init(decoding bytes: [UInt8], plan: WindowPlan, file: String) throws {
    self.init(plan)
    try bytes.withUnsafeBytes { bytes in
      var reader = ByteReader(bytes, file: file)
      try decode(from: &reader, file: file)
      try reader.requireEnd("window state")
    }
  }

  private func decode(from reader: inout ByteReader, file: String) throws {
    let version = try reader.read(UInt8.self, "version of a window state")
    guard version == Self.formatVersion else {
      throw StorageError.unsupportedFormat(
        file: file, found: "window state \(version)", supported: "\(Self.formatVersion)")
    }
    let found = try reader.readString("windows", atMost: Self.fingerprintByteCountMax)
    guard found == plan.fingerprint else {
      throw StorageError.invalidArgument(
        name: "window", value: plan.fingerprint,
        reason: "the checkpoint has the state of other windows: \(found); start without it, or use "
          + "the windows it was made with")
    }
    watermark = try Self.readTime(from: &reader)
    purgedWatermark = try Self.readTime(from: &reader)
    let partitionCount = try reader.readCount("partitions", atMost: Self.partitionCountMax)
    for _ in 0..<partitionCount {
      let name = try reader.readString("partition", atMost: Limits.stringByteCountMax)
      let place = reader
      let greatest = try reader.read(Int64.self, "event time")
      guard greatest == .min || WindowPartial.timeRange.contains(greatest) else {
        throw place.corrupt("event time", expected: "one in range", found: "\(greatest)")
      }
      maxima[name] = greatest
    }
    // A key has a byte for its windows at least.
    let keyCount = try reader.readCount("keys of windows", atMost: reader.remaining)
    for _ in 0..<keyCount { try decodeKey(from: &reader) }
  }

  private static func readTime(from reader: inout ByteReader) throws -> Timestamp? {
    let isThere = try reader.readFlag("presence of a watermark")
    let time = try reader.read(Int64.self, "watermark")
    return isThere ? Timestamp(rawValue: time) : nil
  }

  private func decodeKey(from reader: inout ByteReader) throws {
    let place = reader
    var writer = ByteWriter()
    for column in plan.keyColumns {
      WindowKey.append(
        try WindowKey.read(column, from: &reader), of: column.type, to: &writer)
    }
    let key = writer.bytes
    guard slotsOfKey[key] == nil else {
      throw place.corrupt("key of windows", expected: "each once", found: "one again")
    }
    let count = try reader.readCount("windows of a key", atMost: reader.remaining)
    guard count > 0 else {
      throw place.corrupt("windows of a key", expected: "at least one", found: "none")
    }
    var last: Int64?
    for _ in 0..<count {
      let place = reader
      let (start, end) = (
        try reader.read(Int64.self, "start of a window"),
        try reader.read(Int64.self, "end of a window")
      )
      guard isWindow(start, end), last.map({ follows(start, $0) }) ?? true else {
        throw place.corrupt(
          "window", expected: "one of the plan after the one before", found: "\(start)..<\(end)")
      }
      if case .session = plan.spec.kind { last = end } else { last = start }
      let slot = Int(window(of: key, start: start, end: end))
      try decode(slot, from: &reader)
    }
  }

  private func follows(_ start: Int64, _ last: Int64) -> Bool {
    if case .session = plan.spec.kind { return start >= last }
    return start > last
  }

  private func isWindow(_ start: Int64, _ end: Int64) -> Bool {
    let range = WindowPartial.timeRange
    let (low, high) = (range.lowerBound - WindowPlan.spanMax, range.upperBound + WindowPlan.spanMax)
    guard low <= start, start < end, end <= high else { return false }
    switch plan.spec.kind {
    case .tumbling(let size): return end - start == size && start % size == 0
    case .sliding(let size, let slide): return end - start == size && start % slide == 0
    case .session(let gap): return end - start >= gap
    }
  }

  private func decode(_ slot: Int, from reader: inout ByteReader) throws {
    isChanged[slot] = try reader.readFlag("change of a window")
    let count = try reader.readCount(
      "rows of a window", atMost: min(Self.emittedCountMax, reader.remaining / 8))
    for _ in 0..<count {
      emittedStarts[slot].append(try reader.read(Int64.self, "start of a row"))
    }
    for lane in lanes {
      lane.grow(to: keys.count)
      try lane.decode(slot, from: &reader)
    }
  }
}
