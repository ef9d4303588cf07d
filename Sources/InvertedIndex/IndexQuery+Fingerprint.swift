import StorageBase

extension IndexQuery {
  /// Bytes that are equal only for queries that are the same to the byte: a key for caches.
  /// Equality of queries will not do, since strings that are canonically equivalent are equal (é as
  /// one scalar or two) but have different terms.
  var fingerprint: [UInt8] {
    var writer = ByteWriter()
    append(to: &writer)
    return writer.bytes
  }

  private func append(to writer: inout ByteWriter) {
    switch self {
    case .equals(let value): Self.append(0, [value], to: &writer)
    case .isIn(let values): Self.append(1, values, to: &writer)
    case .range(let lower, let upper):
      for bound in [lower, upper] {
        let mark: UInt8 = bound.map { $0.isInclusive ? 2 : 3 } ?? 4
        Self.append(mark, bound.map { [$0.value] } ?? [], to: &writer)
      }
    case .matchAny(let text): Self.append(5, [.string(text)], to: &writer)
    case .matchAll(let text): Self.append(6, [.string(text)], to: &writer)
    case .matchPhrase(let text): Self.append(7, [.string(text)], to: &writer)
    case .matchPhrasePrefix(let text): Self.append(8, [.string(text)], to: &writer)
    case .isNull: writer.append(UInt8(9))
    case .and(let parts): Self.append(10, parts, to: &writer)
    case .or(let parts): Self.append(11, parts, to: &writer)
    case .not(let inner): Self.append(12, [inner], to: &writer)
    }
  }

  private static func append(_ mark: UInt8, _ parts: [IndexQuery], to writer: inout ByteWriter) {
    writer.append(mark)
    writer.appendVarint(UInt64(parts.count))
    for part in parts { part.append(to: &writer) }
  }

  private static func append(_ mark: UInt8, _ values: [Value], to writer: inout ByteWriter) {
    writer.append(mark)
    writer.appendVarint(UInt64(values.count))
    for value in values {
      switch value {
      case .null: writer.append(UInt8(0))
      case .integer(let integer):
        writer.append(UInt8(1))
        writer.append(integer)
      case .floating(let number):
        writer.append(UInt8(2))
        writer.append(number)
      case .string(let text):
        writer.append(UInt8(3))
        writer.append(text)
      }
    }
  }
}
