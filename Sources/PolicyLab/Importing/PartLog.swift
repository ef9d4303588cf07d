import StorageBase
import TabletModel

/// `system.part_log` of ClickHouse, as `SELECT * … FORMAT CSVWithNames` gives it.
///
/// Parts of a partition of a table are the rowsets of a tablet. An insert (`NewPart`) becomes a
/// load, whose version counts the inserts of the partition; a merge (`MergeParts`) one of all
/// rowsets whose blocks are within those of its part, as the names of parts say. A replica that
/// gets a part from another one (`DownloadPart`) has a load or a merge, by the level in the name.
///
/// Left out, and counted: merges of parts that the log does not know, or that were not inserted
/// next to each other. Mutations and what failed are left out as well.
enum PartLog {
  static func trace(
    of bytes: [UInt8], file: String, options: ImportOptions
  ) throws -> ImportedTrace {
    let table = try CSVRecords(bytes, file: file)
    let columns = try PartColumns(table.names, file: file)
    var events: [PartEvent] = []
    for record in table.records {
      do {
        if let event = try columns.event(of: record.fields) { events.append(event) }
      } catch {
        throw StorageError.corrupt(
          file: file, offset: UInt64(record.offset), what: "line \(record.line)",
          expected: error.expected, found: error.found)
      }
    }
    var importer = PartImporter(options)
    // Logs of several tables are not in the order of time; equal times stay in their order.
    for event in events.enumerated().sorted(by: {
      ($0.element.at, $0.offset) < ($1.element.at, $1.offset)
    }) {
      importer.note(event.element)
    }
    guard importer.loadCount > 0 else {
      throw StorageError.corrupt(
        file: file, offset: 0, what: "part log", expected: "events NewPart", found: "none")
    }
    return importer.result
  }
}

/// What happened to a part.
private struct PartEvent {
  enum Kind { case inserted, merged }

  let kind: Kind
  let at: Timestamp
  /// Table and partition.
  let tablet: String
  let blocks: ClosedRange<Int>
  let rowCount: Int
  let byteCount: Int
  let seconds: Double
}

/// Where the columns are that matter.
private struct PartColumns {
  private let places: [String: Int]

  init(_ names: [String], file: String) throws {
    places = Dictionary(zip(names, names.indices), uniquingKeysWith: { first, _ in first })
    for name in ["event_type", "table", "partition_id", "part_name", "rows", "size_in_bytes"]
    where places[name] == nil {
      throw StorageError.corrupt(
        file: file, offset: 0, what: "line 1", expected: "a column \(name), as CSVWithNames has it",
        found: names.prefix(8).joined(separator: ","))
    }
    guard places["event_time_microseconds"] != nil || places["event_time"] != nil else {
      throw StorageError.corrupt(
        file: file, offset: 0, what: "line 1", expected: "a column event_time", found: "none")
    }
  }

  /// Nil for events that change nothing here.
  func event(of fields: [String]) throws(JSONMismatch) -> PartEvent? {
    func field(_ name: String) -> String? { places[name].map { fields[$0] } }
    func number(_ name: String) throws(JSONMismatch) -> Int {
      let text = field(name) ?? "0"
      guard let number = Int(text), (0...1 << 47).contains(number) else {
        throw JSONMismatch(expected: "\(name) to be a number of at most 2^47", found: text)
      }
      return number
    }
    if let error = field("error"), error != "0", !error.isEmpty { return nil }
    let type = field("event_type") ?? ""
    guard ["NewPart", "MergeParts", "DownloadPart"].contains(type) else { return nil }
    let partition = field("partition_id") ?? ""
    let name = field("part_name") ?? ""
    guard let (blocks, level) = Self.blocks(of: name, in: partition) else {
      throw JSONMismatch(expected: "a part \(partition)_MIN_MAX_LEVEL", found: name)
    }
    let time = field("event_time_microseconds") ?? field("event_time") ?? ""
    guard let at = Timestamp(civil: time) else {
      throw JSONMismatch(expected: "a time", found: time)
    }
    let table = [field("database"), field("table")].compactMap { $0 }.joined(separator: ".")
    let isMerge = type == "MergeParts" || type == "DownloadPart" && level > 0
    return PartEvent(
      kind: isMerge ? .merged : .inserted, at: at, tablet: "\(table) \(partition)", blocks: blocks,
      rowCount: try number("rows"), byteCount: try number("size_in_bytes"),
      seconds: Double(try number("duration_ms")) / 1e3)
  }

  /// `202407_1_5_1`, or with a mutation behind.
  private static func blocks(
    of name: String, in partition: String
  ) -> (blocks: ClosedRange<Int>, level: Int)? {
    guard name.hasPrefix(partition + "_") else { return nil }
    let words = name.dropFirst(partition.count + 1).split(
      separator: "_", omittingEmptySubsequences: false)
    let numbers = words.compactMap { Int($0) }
    guard numbers.count == words.count, (3...4).contains(numbers.count), numbers[0] >= 0,
      numbers[0] <= numbers[1]
    else { return nil }
    return (numbers[0]...numbers[1], numbers[2])
  }
}

private struct PartImporter {
  private let options: ImportOptions
  private var tablets: ImportedTablets
  /// By tablet: the blocks of each version.
  private var blocks: [TabletID: [(version: Version, blocks: ClosedRange<Int>)]] = [:]
  private(set) var loadCount = 0
  private var mergeCount = 0
  private var skippedCount = 0

  init(_ options: ImportOptions) {
    self.options = options
    tablets = ImportedTablets(options)
  }

  mutating func note(_ event: PartEvent) {
    let tablet = tablets.tablet(named: event.tablet, at: event.at)
    switch event.kind {
    case .inserted:
      guard
        let version = tablets.load(
          tablet, byteCount: event.byteCount, rowCount: event.rowCount, at: event.at)
      else {
        skippedCount += 1
        return
      }
      loadCount += 1
      blocks[tablet, default: []].append((version, event.blocks))
    case .merged:
      if merge(event, of: tablet) { mergeCount += 1 } else { skippedCount += 1 }
    }
  }

  private mutating func merge(_ event: PartEvent, of tablet: TabletID) -> Bool {
    let inputs = (blocks[tablet] ?? []).filter {
      event.blocks.lowerBound <= $0.blocks.lowerBound
        && $0.blocks.upperBound <= event.blocks.upperBound
    }.map(\.version)
    guard let state = tablets.states[tablet], let first = inputs.min(), let last = inputs.max(),
      last.rawValue - first.rawValue + 1 == inputs.count
    else { return false }
    let versions = VersionRange(first, last)
    let merged = state.rowsets.filter { versions.contains($0.versions) }
    let output = RowsetSummary(
      versions: versions, byteCount: event.byteCount, rowCount: event.rowCount,
      mergeDepth: (merged.map(\.mergeDepth).max() ?? 0) + 1, createdAt: event.at)
    let merge = TracedMerge(
      kind: .cumulative, output: output, cumulativePoint: state.cumulativePoint, at: event.at)
    guard tablets.merge(tablet, merge) else { return false }
    let start = event.at.advanced(bySeconds: -event.seconds)
    tablets.add(
      .job(
        tablet,
        TracedJob(
          kind: .cumulative, versions: versions, queuedAt: start, startedAt: start,
          finishedAt: event.at, cpuMicroseconds: 0, inputByteCount: merged.totalByteCount,
          result: .written(byteCount: event.byteCount))))
    return true
  }

  var result: ImportedTrace {
    var notes = tablets.names.enumerated().map { place, name in
      "tablet \(options.tablet.rawValue + UInt64(place)): \(name)"
    }
    notes.append(
      "\(loadCount) inserts and \(mergeCount) merges; \(skippedCount) events left out, of parts "
        + "that the log does not know, or that are not neighbours")
    return ImportedTrace(
      trace: CompactionTrace(origin: TraceOrigin(source: "clickhouse"), events: tablets.events),
      notes: notes)
  }
}
