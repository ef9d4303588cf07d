import CKernels

/// The pattern of a LIKE: `%` stands for any bytes, `_` for one character (of UTF-8), `\` takes
/// away the meaning of what follows. Case counts. Immutable and thread-safe.
struct LikePattern: Hashable, Sendable {
  enum Element: Hashable, Sendable {
    /// At least one byte.
    case bytes([UInt8])
    /// So many characters, whatever they are.
    case characters(Int)
  }

  /// What lies between the `%`; pieces without elements are left out.
  let pieces: [[Element]]
  /// Whether the first piece must be at the beginning, and the last at the end.
  let isAnchoredAtStart: Bool
  let isAnchoredAtEnd: Bool

  /// Every text is a pattern.
  init(_ text: String) {
    var pieces: [[Element]] = [[]]
    var bytes: [UInt8] = []
    func flush() {
      if !bytes.isEmpty { pieces[pieces.count - 1].append(.bytes(bytes)) }
      bytes = []
    }
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "%"):
        flush()
        pieces.append([])
      case UInt8(ascii: "_"):
        flush()
        if case .characters(let count)? = pieces[pieces.count - 1].last {
          pieces[pieces.count - 1].removeLast()
          pieces[pieces.count - 1].append(.characters(count + 1))
        } else {
          pieces[pieces.count - 1].append(.characters(1))
        }
      case UInt8(ascii: "\\"): bytes.append(rest.popFirst() ?? byte)
      default: bytes.append(byte)
      }
    }
    flush()
    let isExact = pieces.count == 1
    isAnchoredAtStart = isExact || !pieces[0].isEmpty
    isAnchoredAtEnd = isExact || !pieces[pieces.count - 1].isEmpty
    self.pieces = pieces.filter { !$0.isEmpty }
  }

  /// The test of the pattern; simple patterns make ranges and equalities, which zone maps and
  /// indexes understand.
  var test: StringTest {
    if pieces.isEmpty {
      return isAnchoredAtStart ? .members([""]) : StringTest(.range(lower: nil, upper: nil))
    }
    guard pieces.count == 1, case .bytes(let bytes) = pieces[0][0], pieces[0].count == 1,
      isAnchoredAtStart
    else { return StringTest(.like(self)) }
    if isAnchoredAtEnd { return StringTest(.members([bytes])) }
    return StringTest(
      .range(
        lower: StringTest.Bound(bytes: bytes, isInclusive: true),
        upper: Self.successor(of: bytes).map { StringTest.Bound(bytes: $0, isInclusive: false) }))
  }

  /// The bytes that every match begins with.
  var prefix: [UInt8] {
    guard isAnchoredAtStart, case .bytes(let bytes)? = pieces.first?.first else { return [] }
    return bytes
  }

  /// The bytes that every match holds somewhere.
  var literals: [[UInt8]] {
    pieces.joined().compactMap { element in
      if case .bytes(let bytes) = element { bytes } else { nil }
    }
  }

  /// The text of `%text%`.
  var substring: [UInt8]? {
    guard pieces.count == 1, pieces[0].count == 1, !isAnchoredAtStart, !isAnchoredAtEnd,
      case .bytes(let bytes) = pieces[0][0]
    else { return nil }
    return bytes
  }

  /// The least byte string that is after every one with the prefix; nil when there is none.
  static func successor(of prefix: [UInt8]) -> [UInt8]? {
    guard let last = prefix.lastIndex(where: { $0 != 0xFF }) else { return nil }
    return prefix[..<last] + [prefix[last] + 1]
  }

  func matches(_ text: UnsafeRawBufferPointer) -> Bool {
    var (start, end) = (0, text.count)
    var rest = pieces[...]
    if isAnchoredAtStart, let first = rest.popFirst() {
      guard let stop = Self.end(of: first, in: text, from: 0, to: end) else { return false }
      if rest.isEmpty && isAnchoredAtEnd { return stop == end }
      start = stop
    }
    if isAnchoredAtEnd {
      guard let last = rest.popLast() else { return start == end }
      guard let place = Self.start(of: last, in: text, from: start, to: end) else { return false }
      end = place
    }
    // The leftmost place of each piece leaves most for the others.
    for piece in rest {
      guard let stop = Self.search(piece, in: text, from: start, to: end) else { return false }
      start = stop
    }
    return true
  }

  /// Where a piece that begins at `start` ends.
  private static func end(
    of piece: [Element], in text: UnsafeRawBufferPointer, from start: Int, to end: Int
  ) -> Int? {
    var place = start
    for element in piece {
      switch element {
      case .bytes(let bytes):
        guard end - place >= bytes.count, isEqual(text, place, bytes) else { return nil }
        place += bytes.count
      case .characters(let count):
        for _ in 0..<count {
          guard place < end else { return nil }
          place += 1
          while place < end, isContinuation(text[place]) { place += 1 }
        }
      }
    }
    return place
  }

  /// Where a piece that ends at `end` begins.
  private static func start(
    of piece: [Element], in text: UnsafeRawBufferPointer, from start: Int, to end: Int
  ) -> Int? {
    var place = end
    for element in piece.reversed() {
      switch element {
      case .bytes(let bytes):
        guard place - start >= bytes.count, isEqual(text, place - bytes.count, bytes) else {
          return nil
        }
        place -= bytes.count
      case .characters(let count):
        for _ in 0..<count {
          guard place > start else { return nil }
          place -= 1
          while place > start, isContinuation(text[place]) { place -= 1 }
        }
      }
    }
    return place
  }

  /// Where the leftmost occurrence of a piece ends.
  private static func search(
    _ piece: [Element], in text: UnsafeRawBufferPointer, from start: Int, to end: Int
  ) -> Int? {
    var place = start
    while place <= end {
      if case .bytes(let bytes) = piece[0] {
        guard let found = find(bytes, in: text, from: place, to: end) else { return nil }
        place = found
      } else if place > start, place < end, isContinuation(text[place]) {
        place += 1
        continue
      }
      if let stop = Self.end(of: piece, in: text, from: place, to: end) { return stop }
      place += 1
    }
    return nil
  }

  private static func find(
    _ bytes: [UInt8], in text: UnsafeRawBufferPointer, from start: Int, to end: Int
  ) -> Int? {
    guard end - start >= bytes.count, let base = text.baseAddress else { return nil }
    let found = KernelTable.current.text.find(
      (base + start).assumingMemoryBound(to: UInt8.self), end - start, bytes, bytes.count)
    return found == end - start ? nil : start + found
  }

  private static func isEqual(
    _ text: UnsafeRawBufferPointer, _ start: Int, _ bytes: [UInt8]
  ) -> Bool {
    for index in bytes.indices where text[start &+ index] != bytes[index] { return false }
    return true
  }

  private static func isContinuation(_ byte: UInt8) -> Bool { byte & 0xC0 == 0x80 }
}
