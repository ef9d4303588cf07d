import StorageBase
import TabletModel

/// The events of a RocksDB `LOG`: what stands behind `EVENT_LOG_v1` on its lines.
///
/// A flush becomes a load of the tablet of its column family: `table_file_creation` of a job that
/// `flush_started` (or a recovery) began, with its `file_size` and `num_entries`. What compaction
/// did is only summed up: it merges files by key and level, not neighbours in age, so that it
/// cannot be told in versions.
enum RocksDBLog {
  private static let marker = "EVENT_LOG_v1 "

  static func trace(
    of bytes: [UInt8], file: String, options: ImportOptions
  ) throws -> ImportedTrace {
    var tablets = ImportedTablets(options)
    var figures = Figures()
    /// Numbers begin anew when the database is opened; whoever began last is meant.
    var isFlush: [Int: Bool] = [:]
    var offset = 0
    for (index, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated()
    {
      defer { offset += line.count + 1 }
      let text = String(decoding: line, as: UTF8.self)
      guard let start = text.firstRange(of: marker)?.upperBound else { continue }
      do {
        let event = try JSONValue(parsing: String(text[start...]), allowsTwins: true)
        try note(event, &tablets, &figures, &isFlush)
      } catch let error where error is JSONFault || error is JSONMismatch {
        throw StorageError.corrupt(
          file: file, offset: UInt64(offset), what: "line \(index + 1)",
          expected: (error as? JSONMismatch)?.expected ?? "an event in JSON",
          found: (error as? JSONMismatch)?.found ?? "\(error)")
      }
    }
    guard figures.loadCount > 0 else {
      throw StorageError.corrupt(
        file: file, offset: 0, what: "RocksDB log", expected: "flushes after \(marker)",
        found: "none")
    }
    return ImportedTrace(
      trace: CompactionTrace(origin: TraceOrigin(source: "rocksdb"), events: tablets.events),
      notes: tablets.names.enumerated().map { place, name in
        "tablet \(options.tablet.rawValue + UInt64(place)): column family \(name)"
      } + figures.notes)
  }

  private struct Figures {
    var loadCount = 0
    var loadedByteCount = 0
    var mergeCount = 0
    var mergedByteCount = 0

    var notes: [String] {
      [
        "\(loadCount) flushes, \(loadedByteCount) bytes; compaction there wrote "
          + "\(mergedByteCount) bytes in \(mergeCount) jobs, which are left out"
      ]
    }
  }

  private static func note(
    _ event: JSONValue, _ tablets: inout ImportedTablets, _ figures: inout Figures,
    _ isFlush: inout [Int: Bool]
  ) throws(JSONMismatch) {
    var members = try JSONMembers(event, of: "an event")
    guard case .string(let name)? = members.take("event") else { return }
    switch name {
    case "flush_started", "recovery_started": isFlush[try members.integer("job")] = true
    case "compaction_started": isFlush[try members.integer("job")] = false
    case "compaction_finished":
      figures.mergeCount += 1
      figures.mergedByteCount += try members.integer("total_output_size", in: 0...1 << 60)
    case "table_file_creation":
      guard isFlush[try members.integer("job")] == true else { return }
      try noteTable(&members, &tablets, &figures)
    default: return
    }
  }

  private static func noteTable(
    _ members: inout JSONMembers, _ tablets: inout ImportedTablets, _ figures: inout Figures
  ) throws(JSONMismatch) {
    // One that failed has no size.
    let byteCount = try members.integer("file_size", in: 0...1 << 47)
    guard byteCount > 0 else { return }
    let micros = try members.integer("time_micros", in: 0...1 << 60)
    let time = Timestamp(rawValue: Int64(micros))
    var rowCount = 0
    if let properties = members.take("table_properties") {
      var table = try JSONMembers(properties, of: "table_properties")
      rowCount = try table.integer("num_entries", in: 0...1 << 47, default: 0)
    }
    var family = "default"
    if case .string(let name)? = members.take("cf_name") { family = name }
    let tablet = tablets.tablet(named: family, at: time)
    guard tablets.load(tablet, byteCount: byteCount, rowCount: rowCount, at: time) != nil else {
      throw JSONMismatch(
        expected: "at most \(TraceState.rowsetCountMax) flushes of a column family",
        found: "one more")
    }
    figures.loadCount += 1
    figures.loadedByteCount += byteCount
  }
}
