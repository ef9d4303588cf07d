import StorageBase

/// The beginning of the sort key of the first row of every page: finds the pages of a key range
/// without looking at any page (the short-key index of Apache Doris, per page instead of per 1 024
/// rows). Immutable and thread-safe.
struct ShortKeyIndex: Sendable {
  /// Bytes kept of a key, as in Doris.
  static let keyByteCountMax = 36

  let keys: [[UInt8]]

  init(keys: [[UInt8]]) { self.keys = keys.map { Array($0.prefix(Self.keyByteCountMax)) } }

  func encoded() -> [UInt8] {
    var writer = ByteWriter()
    var previous: [UInt8] = []
    for key in keys {
      let shared = zip(previous, key).prefix { $0 == $1 }.count
      writer.append(UInt8(shared))
      writer.append(UInt8(key.count - shared))
      writer.append(contentsOf: Array(key[shared...]))
      previous = key
    }
    writer.appendChecksum()
    return writer.bytes
  }

  /// - Parameter reader: at the first key; the checksum has been verified.
  init(decoding reader: inout ByteReader, pageCount: Int) throws {
    var keys: [[UInt8]] = []
    for _ in 0..<pageCount {
      let shared = Int(try reader.read(UInt8.self, "short key prefix length"))
      let rest = Int(try reader.read(UInt8.self, "short key length"))
      let previous = keys.last ?? []
      guard shared <= previous.count, shared + rest <= Self.keyByteCountMax else {
        throw reader.corrupt(
          "short key", expected: "at most \(Self.keyByteCountMax) bytes, \(previous.count) shared",
          found: "\(shared) + \(rest)")
      }
      let suffix = try reader.readBytes(rest, "short key")
      keys.append(Array(previous[..<shared]) + Array(suffix))
    }
    try reader.requireEnd("short-key index")
    self.keys = keys
  }

  /// The pages that may hold keys which are not below `low` and which begin with `high` or are
  /// below it. Cutting keeps their order, so cut keys only ever add pages. O(log pages).
  func pages(from low: [UInt8], through high: [UInt8]) -> Range<Int> {
    let from = low.prefix(Self.keyByteCountMax)
    let through = high.prefix(Self.keyByteCountMax)
    // The rows of a page are not above the first row of the next.
    let firstNotBelow = partition { !keys[$0].lexicographicallyPrecedes(from) }
    let end = partition {
      through.lexicographicallyPrecedes(keys[$0]) && !keys[$0].starts(with: through)
    }
    let start = max(0, firstNotBelow - 1)
    return start < end ? start..<end : end..<end
  }

  /// The first page that `isAfter` holds for; it holds for all later ones.
  private func partition(_ isAfter: (Int) -> Bool) -> Int {
    var range = 0..<keys.count
    while !range.isEmpty {
      let middle = (range.lowerBound + range.upperBound) / 2
      range = isAfter(middle) ? range.lowerBound..<middle : middle + 1..<range.upperBound
    }
    return range.lowerBound
  }
}
