import StorageBase
import TabletModel
import Testing

@Suite struct ReplicatedTabletTests {
  private static let tablets = (0..<40).flatMap { bucket in
    ["orders", "users", ""].map { ReplicatedTablet(table: $0, bucket: bucket) }
  }

  private static func replicas(_ numbers: some Sequence<UInt64>) -> [ReplicaID] {
    numbers.map { ReplicaID(rawValue: $0) }
  }

  @Test func allReplicasChooseTheSame() {
    var random = SeededGenerator(seed: 1)
    for tablet in Self.tablets {
      let replicas = Self.replicas(1...5)
      let chosen = tablet.compactor(among: replicas)
      #expect(chosen.map { replicas.contains($0) } == true)
      for _ in 0..<5 {
        #expect(tablet.compactor(among: replicas.shuffled(using: &random)) == chosen)
      }
    }
    #expect(Self.tablets[0].compactor(among: [ReplicaID]()) == nil)
  }

  /// Of every set of up to five replicas, without each of them.
  @Test func onlyTheTabletsOfAReplicaMoveWhenItGoes() {
    for members in 1..<32 as Range<UInt64> {
      let all = Self.replicas((0..<5 as Range<UInt64>).filter { members >> $0 & 1 == 1 })
      for gone in all {
        let rest = all.filter { $0 != gone }
        for tablet in Self.tablets {
          let before = tablet.compactor(among: all)
          let after = tablet.compactor(among: rest)
          if before != gone { #expect(after == before) } else { #expect(after != gone) }
        }
      }
    }
  }

  @Test func tabletsAreSpread() {
    var counts: [ReplicaID: Int] = [:]
    for bucket in 0..<3000 {
      let tablet = ReplicatedTablet(table: "events", bucket: bucket)
      if let chosen = tablet.compactor(among: Self.replicas(1...3)) {
        counts[chosen, default: 0] += 1
      }
    }
    #expect(counts.count == 3)
    for (replica, count) in counts { #expect((850...1150).contains(count), "\(replica): \(count)") }
  }
}
