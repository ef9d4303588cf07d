import CompactionPolicies
import StorageBase
import TabletModel

/// The state of a tablet of Apache Doris, as its back end answers
/// `GET /api/compaction/show?tablet_id=…`.
///
/// It has the visible rowsets with versions, segments and sizes to three digits, the cumulative
/// point, and the times of the last successes; so policies can be asked what they would do from
/// there. When rowsets were made it does not say: all are taken to have been made at the latest
/// time there is, so rules about age do not apply. Times carry no zone and are taken to be UTC.
///
/// Stale rowsets and their paths are left out, as nobody knows when each of them was loaded.
enum DorisStatus {
  static func trace(
    of bytes: [UInt8], file: String, options: ImportOptions
  ) throws -> ImportedTrace {
    func corrupt(_ expected: String, _ found: String, at offset: Int = 0) -> StorageError {
      .corrupt(
        file: file, offset: UInt64(offset), what: "compaction status", expected: expected,
        found: found)
    }
    let parsed = bytes.withUnsafeBufferPointer { buffer in
      Result { () throws(JSONFault) in try JSONValue(parsing: buffer) }
    }
    let value: JSONValue
    switch parsed {
    case .success(let read): value = read
    case .failure(let fault): throw corrupt(fault.expected, "other bytes", at: fault.offset)
    }
    do {
      return try trace(of: value, options)
    } catch {
      throw corrupt(error.expected, error.found)
    }
  }

  private static func trace(
    of value: JSONValue, _ options: ImportOptions
  ) throws(JSONMismatch) -> ImportedTrace {
    var members = try JSONMembers(value, of: "a compaction status")
    if let message = members.take("msg") {
      throw JSONMismatch(expected: "a tablet", found: message.compactText)
    }
    let missing = try members.array("missing_rowsets")
    guard missing.isEmpty else {
      throw JSONMismatch(
        expected: "a tablet without missing rowsets", found: JSONValue.array(missing).compactText)
    }
    var successes: [CompactionKind: Timestamp] = [:]
    var latest = Timestamp(rawValue: 0)
    for (names, kind) in timeMembers {
      for name in names {
        guard case .string(let text)? = members.take(name) else { continue }
        guard let time = Timestamp(civil: text) else {
          throw JSONMismatch(expected: "\(name) to be a time", found: text)
        }
        latest = max(latest, time)
        // What has never been is written as the beginning of 1970 in the zone of the server.
        if let kind, time > Timestamp(rawValue: 86_400_000_000) { successes[kind] = time }
      }
    }
    let rowsets = try rowsets(members.array("rowsets"), madeAt: latest)
    let point = try point(members.integer("cumulative point", in: -1...(1 << 60)), rowsets, options)
    let tablet = TracedTablet(
      keysModel: options.keysModel, rowsets: rowsets, cumulativePoint: point,
      lastSuccessAt: successes)
    var notes = [
      "tablet \(options.tablet): \(rowsets.count) rowsets, \(rowsets.totalByteCount) bytes, "
        + "cumulative point \(point)"
    ]
    if case .string(let policy)? = members.take("cumulative policy type") {
      notes.append("the policy there was \(policy)")
    }
    notes.append("nobody knows when rowsets were made: all of them are as old as the status")
    return ImportedTrace(
      trace: CompactionTrace(
        origin: TraceOrigin(source: "doris"),
        events: [.tablet(options.tablet, tablet, at: latest)]),
      notes: notes)
  }

  /// Names differ between releases.
  private static let timeMembers: [([String], CompactionKind?)] = [
    (["last cumulative success time", "last cumu success time"], .cumulative),
    (["last base success time"], .base), (["last full success time"], .full),
    (["last cumulative failure time", "last base failure time", "last full failure time"], nil),
  ]

  private static func rowsets(
    _ lines: [JSONValue], madeAt time: Timestamp
  ) throws(JSONMismatch) -> [RowsetSummary] {
    var rowsets: [RowsetSummary] = []
    var end = Version(0)
    for line in lines {
      guard case .string(let text) = line else {
        throw JSONMismatch(expected: "rowsets to be strings", found: line.compactText)
      }
      guard let rowset = rowset(text, madeAt: time) else {
        throw JSONMismatch(
          expected: "a rowset as [2-5] 1 DATA NONOVERLAPPING ID 3.14 MB, with its size",
          found: text)
      }
      guard rowset.versions.first == end, rowsets.count < TraceState.rowsetCountMax else {
        throw JSONMismatch(expected: "a rowset from version \(end) on", found: text)
      }
      end = rowset.versions.last.next
      rowsets.append(rowset)
    }
    return rowsets
  }

  /// `[18438-18678] 1 DATA NONOVERLAPPING 0200… 53.07 MB`; the identifier came with release 0.13.
  private static func rowset(_ text: String, madeAt time: Timestamp) -> RowsetSummary? {
    let words = text.split(separator: " ")
    guard words.count >= 5, let versions = versions(words[0]), let segments = Int(words[1]),
      (0...1 << 20).contains(segments), ["DATA", "DELETE"].contains(words[2]),
      ["OVERLAPPING", "NONOVERLAPPING", "OVERLAP_UNKNOWN"].contains(words[3]),
      let byteCount = byteCount(words.suffix(2))
    else { return nil }
    // Loads whose flag is unknown count as overlapping, merged rowsets never do.
    let overlaps = segments > 1 && versions.isSingleton && words[3] != "NONOVERLAPPING"
    return RowsetSummary(
      versions: versions, byteCount: byteCount, segmentCount: segments, segmentsOverlap: overlaps,
      mergeDepth: versions.isSingleton ? 0 : 1, createdAt: time)
  }

  private static func versions(_ word: Substring) -> VersionRange? {
    guard word.hasPrefix("["), word.hasSuffix("]") else { return nil }
    let ends = word.dropFirst().dropLast().split(separator: "-").compactMap { Int64($0) }
    guard ends.count == 2, 0 <= ends[0], ends[0] <= ends[1], ends[1] <= 1 << 60 else { return nil }
    return VersionRange(ends[0], ends[1])
  }

  /// `53.07 MB`, where a kilobyte has 1024 bytes; nothing at all is written as `0`.
  private static func byteCount(_ words: ArraySlice<Substring>) -> Int? {
    let units = ["B", "KB", "MB", "GB", "TB"]
    guard let number = words.first, let last = words.last else { return nil }
    if let unit = units.firstIndex(of: String(last)), let size = Double(number), size >= 0 {
      let bytes = size * Double(1 << (10 * unit))
      return bytes <= Double(1 << 47) ? Int(bytes.rounded()) : nil
    }
    return last == "0" ? 0 : nil
  }

  private static func point(
    _ point: Int, _ rowsets: [RowsetSummary], _ options: ImportOptions
  ) throws(JSONMismatch) -> Version {
    let end = rowsets.last?.versions.last.next ?? Version(0)
    guard point >= 0 else {
      // Not worked out since the start of the server: it would do so as its default policy does.
      var parameters = PolicyParameters(policy: GradientPolicy.name)
      let facts = TabletFacts(
        rowsets: rowsets, cumulativePoint: Version(0), now: Timestamp(rawValue: 0),
        keysModel: options.keysModel)
      return GradientPolicy(&parameters).initialCumulativePoint(facts)
    }
    guard Version(Int64(point)) <= end else {
      throw JSONMismatch(expected: "a cumulative point of at most \(end)", found: "\(point)")
    }
    return Version(Int64(point))
  }
}
