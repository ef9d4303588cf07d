import StorageBase
import TabletModel
import Testing

/// Deletes against a set of rows for every version.
@Suite struct DeleteHistoryTests {
  @Test(arguments: 0..<50 as Range<UInt64>) func agreesWithSets(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var history = DeleteHistory()
    var sets: [Set<UInt32>] = [[]]
    var trimmed = 0
    for version in 1..<30 {
      var rows = sets[version - 1]
      for _ in 0..<random.next() % 3 {
        let new = (0..<random.next() % 5).map { _ in UInt32(random.next() % 40) }
        history.add(new, version: Version(Int64(version)))
        rows.formUnion(new)
      }
      if random.next() % 5 == 0 {
        history.removeEntries(from: Version(Int64(version)))
        rows = sets[version - 1]
      }
      sets.append(rows)
      if random.next() % 6 == 0 {
        trimmed = max(trimmed, Int(random.next() % UInt64(version)))
        // At once, or made apart while others come, who may be faster.
        var known = DeleteHistory()
        for entry in history.entries(after: nil, upTo: Version(Int64(trimmed)), atMost: 100) {
          known.add(entry.rows, version: entry.version)
        }
        var apart = known
        apart.trim(to: Version(Int64(trimmed)))
        if random.next() % 3 > 0 { history.trim(to: Version(Int64(trimmed))) }
        history.replace(known, by: apart)
        let first = history.entries.filter { $0.version <= Version(Int64(trimmed)) }
        #expect(first.count <= 1)
      }
      for (known, expected) in sets.enumerated() where known >= trimmed {
        let seen = history.entries.filter { $0.version <= Version(Int64(known)) }
        #expect(Set(seen.flatMap(\.rows)) == expected, "version \(known) of \(version)")
      }
      let (low, high) = (Int64(random.next() % 30), Int64(random.next() % 30))
      let countMax = Int(random.next() % 6)
      let some = history.entries.filter { $0.version.rawValue > low && $0.version.rawValue <= high }
      #expect(
        history.entries(after: Version(low), upTo: Version(high), atMost: countMax)
          == Array(some.prefix(countMax)))
      #expect(
        history.entries(after: nil, upTo: Version(high), atMost: 100)
          == history.entries.filter { $0.version.rawValue <= high })
      #expect(history.entries.allSatisfy { zip($0.rows, $0.rows.dropFirst()).allSatisfy(<) })
      #expect(
        zip(history.entries, history.entries.dropFirst()).allSatisfy { $0.version < $1.version })
    }
  }
}
