import StorageBase
import Testing

/// Against plain arrays: copies are what they were, whatever becomes of the others.
@Suite struct SharedArrayTests {
  @Test(arguments: 0..<20) func copiesStayAsTheyWere(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var versions: [(shared: SharedArray<Int>, plain: [Int])] = [(SharedArray(), [])]
    for step in 0..<60 {
      var (shared, plain) = versions[Int(random.next() % UInt64(versions.count))]
      if random.next() % 4 == 0, !plain.isEmpty {
        let start = Int(random.next() % UInt64(plain.count))
        let end = start + Int(random.next() % UInt64(plain.count - start + 1))
        let others = Array(repeating: -step, count: Int(random.next() % 90))
        shared = shared.replacing(start..<end, with: others)
        plain.replaceSubrange(start..<end, with: others)
      } else {
        for value in 0..<random.next() % 150 {
          shared.append(Int(value) + step * 1000)
          plain.append(Int(value) + step * 1000)
        }
      }
      versions.append((shared, plain))
    }
    for (shared, plain) in versions {
      #expect(Array(shared) == plain)
      #expect(shared.count == plain.count && shared.isEmpty == plain.isEmpty)
      #expect(shared.first == plain.first && shared.last == plain.last)
      #expect(plain.indices.allSatisfy { shared[$0] == plain[$0] })
      #expect(SharedArray(plain) == shared)
    }
  }

  @Test(arguments: [0, 1, 63, 64, 65, 127, 128, 129, 1000]) func sizes(count: Int) {
    let shared = SharedArray(0..<count)
    #expect(shared.elementsEqual(0..<count))
    #expect(shared[(count / 3)..<count].elementsEqual((count / 3)..<count))
    var grown = shared
    grown.append(-1)
    #expect(shared.count == count && grown.count == count + 1 && grown.last == -1)
    #expect(shared != grown)
  }
}
