import IngestDriver
import StorageBase

/// Finds lines that are changes of columns among rows of JSON. Immutable and thread-safe.
///
/// Looks for words that such lines have and few rows do (Horspool, "Practical fast searching in
/// strings", 1980): three looks at a byte of a dozen, or so; a line that has one is parsed.
struct SchemaEventFinder: Sendable {
  private static let words = ["\"schema_change\"", "\"ddl\"", "\"tableChanges\""]
    .map { SoughtBytes(Array($0.utf8)) }

  /// A change, and the bytes of its line.
  struct Found {
    let event: SchemaEvent
    let line: Range<Int>
  }

  /// The first of whole lines that is a change.
  func first(in bytes: UnsafeRawBufferPointer) -> Found? {
    var found: Found?
    for word in Self.words {
      let end = found?.line.lowerBound ?? bytes.count
      found =
        Self.first(with: word, in: UnsafeRawBufferPointer(rebasing: bytes[..<end])) ?? found
    }
    return found
  }

  private static func first(
    with word: SoughtBytes, in bytes: UnsafeRawBufferPointer
  ) -> Found? {
    let lineFeed = UInt8(ascii: "\n")
    var place = 0
    while let match = word.first(in: bytes, from: place) {
      var start = match
      while start > 0, bytes[start - 1] != lineFeed { start -= 1 }
      var end = match
      while end < bytes.count, bytes[end] != lineFeed { end += 1 }
      end = min(end + 1, bytes.count)
      if let event = SchemaEvent(line: UnsafeRawBufferPointer(rebasing: bytes[start..<end])) {
        return Found(event: event, line: start..<end)
      }
      place = end
    }
    return nil
  }
}

/// Bytes that are looked for.
private struct SoughtBytes: Sendable {
  private let bytes: [UInt8]
  /// By the byte under the last of those that are sought, how far it may be moved on.
  private let steps: [UInt8]

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    var steps = [UInt8](repeating: UInt8(bytes.count), count: 256)
    for (place, byte) in bytes.dropLast().enumerated() {
      steps[Int(byte)] = UInt8(bytes.count - 1 - place)
    }
    self.steps = steps
  }

  func first(in text: UnsafeRawBufferPointer, from start: Int) -> Int? {
    bytes.withUnsafeBytes { sought in
      steps.withUnsafeBufferPointer { steps in
        let last = sought[sought.count - 1]
        var end = start &+ sought.count &- 1
        while end < text.count {
          let byte = text[end]
          if byte == last {
            let begin = end &- sought.count &+ 1
            let candidate = text[begin..<begin &+ sought.count]
            if candidate.elementsEqual(sought) { return begin }
          }
          end &+= Int(steps[Int(byte)])
        }
        return nil
      }
    }
  }
}
