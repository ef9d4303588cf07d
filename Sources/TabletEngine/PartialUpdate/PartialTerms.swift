import StorageBase

/// What is to be done with the rows of a partial load once they are completed: kept with those that
/// wait for the decision of their client.
struct PartialTerms: Hashable, Sendable {
  let newKeys: PartialUpdate.NewKeys
  let strategy: PartialUpdate.Strategy

  private static let isPartial: UInt8 = 1
  private static let refusesNewKeys: UInt8 = 2
  private static let writesDeltas: UInt8 = 4
  /// In the place of terms: those of each tablet follow.
  private static let differ: UInt8 = 8

  private var code: UInt8 {
    Self.isPartial | (newKeys == .refuse ? Self.refusesNewKeys : 0)
      | (strategy == .delta ? Self.writesDeltas : 0)
  }

  /// As the log and checkpoints hold the terms of a load: one for all tablets where they are the
  /// same, 0 for whole rows.
  /// - Parameter terms: by tablet; none for those with whole rows.
  static func encode(
    _ terms: [TabletID: PartialTerms], of tablets: [TabletID], into writer: inout ByteWriter
  ) {
    let codes = tablets.map { terms[$0]?.code ?? 0 }
    let first = codes.first ?? 0
    if codes.allSatisfy({ $0 == first }) { return writer.append(first) }
    writer.append(differ)
    for code in codes { writer.append(code) }
  }

  static func decode(
    from reader: inout ByteReader, of tablets: [TabletID]
  ) throws -> [TabletID: PartialTerms] {
    let code = try reader.read(UInt8.self, "terms of a partial load")
    var terms: [TabletID: PartialTerms] = [:]
    for tablet in tablets {
      terms[tablet] = try decode(
        code == differ ? reader.read(UInt8.self, "terms of a tablet") : code, reader)
    }
    // Of no tablets, the terms are checked all the same.
    if tablets.isEmpty { _ = try decode(code, reader) }
    return terms
  }

  private static func decode(_ code: UInt8, _ reader: ByteReader) throws -> PartialTerms? {
    if code == 0 { return nil }
    guard code & isPartial != 0, code & ~(isPartial | refusesNewKeys | writesDeltas) == 0 else {
      throw reader.corrupt("terms of a partial load", expected: "known bits", found: "\(code)")
    }
    return PartialTerms(
      newKeys: code & refusesNewKeys == 0 ? .insertDefaults : .refuse,
      strategy: code & writesDeltas == 0 ? .rewrite : .delta)
  }
}
