import StorageBase
import TabletModel

/// A recorded run: every question a policy was asked, with the facts, and what became of the
/// tablets. `FORMAT.md` describes its text.
public struct CompactionTrace: Hashable, Sendable {
  public var origin: TraceOrigin
  public var events: [TraceEvent]

  public init(origin: TraceOrigin, events: [TraceEvent]) {
    self.origin = origin
    self.events = events
  }

  public var text: String {
    var text = origin.line
    for event in events { text += event.line }
    return text
  }

  /// Reads a trace and checks that every event fits those before.
  /// - Parameter file: what errors call it.
  /// - Throws: `StorageError.corrupt` with the number and the offset of the line that is not as it
  ///   should be, and `StorageError.unsupportedFormat` for a trace of a newer version.
  /// - Complexity: linear in the bytes, but for merges, which look at all rowsets of their tablet.
  public init(parsing bytes: [UInt8], file: String) throws {
    var lines = TraceLines(bytes: bytes, file: file)
    guard let first = try lines.next() else {
      throw lines.corrupt(expected: "the line of a trace", found: "no whole line")
    }
    guard let version = TraceOrigin.version(of: first) else {
      throw lines.corrupt(
        expected: "\"trace\":\"\(TraceOrigin.format)\" and a version", found: first.compactText)
    }
    guard TraceOrigin.versions.contains(version) else {
      throw StorageError.unsupportedFormat(
        file: file, found: "trace \(version)", supported: "trace 1 to \(TraceOrigin.version)")
    }
    origin = try lines.fitting { () throws(JSONMismatch) in try TraceOrigin(first) }
    events = []
    var state = TraceState()
    while let value = try lines.next() {
      let event = try lines.fitting { () throws(JSONMismatch) in
        let event = try TraceEvent(value) { state.tablets[$0]?.keysModel }
        try state.apply(event)
        return event
      }
      events.append(event)
    }
  }

  /// Goes through the events with the tablets as they are before each.
  public func walk(_ body: (TraceEvent, TraceState) throws -> Void) throws {
    var state = TraceState()
    for event in events {
      try body(event, state)
      try state.apply(event)
    }
  }
}

/// The lines of a text, as JSON.
struct TraceLines {
  let bytes: [UInt8]
  let file: String
  private var start = 0
  private var end = 0
  private var number = 0

  init(bytes: [UInt8], file: String) {
    self.bytes = bytes
    self.file = file
  }

  /// The value of the next line; nil after the last line feed.
  mutating func next() throws -> JSONValue? {
    guard let feed = bytes[end...].firstIndex(of: UInt8(ascii: "\n")) else { return nil }
    start = end
    end = feed + 1
    number += 1
    let result = bytes.withUnsafeBufferPointer { all in
      Result { () throws(JSONFault) in
        try JSONValue(parsing: UnsafeBufferPointer(rebasing: all[start..<feed]))
      }
    }
    switch result {
    case .success(let value): return value
    case .failure(let fault):
      throw corrupt(expected: fault.expected, found: "byte \(fault.offset) of the line")
    }
  }

  /// What `body` makes of the present line, with its place added to its error.
  func fitting<T>(_ body: () throws(JSONMismatch) -> T) throws -> T {
    do {
      return try body()
    } catch {
      throw corrupt(expected: error.expected, found: error.found)
    }
  }

  func corrupt(expected: String, found: String) -> StorageError {
    .corrupt(
      file: file, offset: UInt64(start), what: "line \(max(number, 1))", expected: expected,
      found: found)
  }
}
