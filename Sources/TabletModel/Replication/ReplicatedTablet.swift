import StorageBase

/// A tablet as all of its replicas know it: ids of tablets are a matter of each store.
public struct ReplicatedTablet: Hashable, Comparable, Sendable, CustomStringConvertible {
  public let table: String
  public let bucket: Int

  public init(table: String, bucket: Int) {
    self.table = table
    self.bucket = bucket
  }

  public static func < (a: ReplicatedTablet, b: ReplicatedTablet) -> Bool {
    a.table == b.table ? a.bucket < b.bucket : a.table < b.table
  }

  public var description: String { "\(table)/\(bucket)" }

  /// Which of some replicas compacts the tablet, so that the others need not; nil for none at all.
  ///
  /// Whoever knows the same replicas chooses the same one, without asking anybody (rendezvous
  /// hashing: Thaler and Ravishankar, 1996). Tablets spread evenly, and when a replica comes or
  /// goes only those move that it takes or had. Replicas that know different ones may choose two or
  /// none for a while: that costs work and time, and no more, since what is fetched is compared.
  public func compactor(among replicas: some Sequence<ReplicaID>) -> ReplicaID? {
    let name = table.utf8.reduce(mixBits(UInt64(bucket))) { mixBits($0 ^ UInt64($1)) }
    return replicas.max { a, b in
      let (left, right) = (mixBits(name ^ mixBits(a.rawValue)), mixBits(name ^ mixBits(b.rawValue)))
      return left == right ? a < b : left < right
    }
  }
}
