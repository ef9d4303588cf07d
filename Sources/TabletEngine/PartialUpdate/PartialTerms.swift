import StorageBase

/// What is to be done with the rows of a partial load once they are completed: kept with those that
/// wait for the decision of their client.
struct PartialTerms: Hashable, Sendable {
  let newKeys: PartialUpdate.NewKeys
  let strategy: PartialUpdate.Strategy

  private static let isPartial: UInt8 = 1
  private static let refusesNewKeys: UInt8 = 2
  private static let writesDeltas: UInt8 = 4

  /// As the log and checkpoints hold it; 0 for a load of whole rows.
  static func code(_ terms: PartialTerms?) -> UInt8 {
    guard let terms else { return 0 }
    return isPartial | (terms.newKeys == .refuse ? refusesNewKeys : 0)
      | (terms.strategy == .delta ? writesDeltas : 0)
  }

  static func decode(from reader: inout ByteReader) throws -> PartialTerms? {
    let code = try reader.read(UInt8.self, "terms of a partial load")
    if code == 0 { return nil }
    guard code & isPartial != 0, code & ~(isPartial | refusesNewKeys | writesDeltas) == 0 else {
      throw reader.corrupt("terms of a partial load", expected: "known bits", found: "\(code)")
    }
    return PartialTerms(
      newKeys: code & refusesNewKeys == 0 ? .insertDefaults : .refuse,
      strategy: code & writesDeltas == 0 ? .rewrite : .delta)
  }
}
