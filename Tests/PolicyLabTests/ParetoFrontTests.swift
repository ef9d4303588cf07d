import StorageBase
import Testing

@testable import PolicyLab

@Suite struct ParetoFrontTests {
  /// Few values, so that many outcomes are equal or share a measure.
  private func outcomes(_ random: inout SeededGenerator) -> [[Double]] {
    let measureCount = 1 + Int(random.next() % 4)
    let levels = 2 + random.next() % 6
    return (0..<Int(random.next() % 40)).map { _ in
      (0..<measureCount).map { _ in Double(random.next() % levels) }
    }
  }

  @Test func nobodyInTheFrontIsDominatedAndEveryoneOutsideIs() {
    var random = SeededGenerator(seed: 7)
    for _ in 0..<2000 {
      let outcomes = outcomes(&random)
      let isMember = ParetoFront.members(of: outcomes)
      #expect(isMember.count == outcomes.count)
      for (outcome, isMember) in zip(outcomes, isMember) {
        let isDominated = outcomes.contains { other in
          zip(other, outcome).allSatisfy { $0 <= $1 } && zip(other, outcome).contains { $0 < $1 }
        }
        #expect(isMember == !isDominated, "\(outcome) of \(outcomes)")
      }
    }
  }

  @Test func orderAndCopiesDoNotMatter() {
    var random = SeededGenerator(seed: 8)
    for _ in 0..<300 {
      let outcomes = outcomes(&random)
      let front = Set(zip(outcomes, ParetoFront.members(of: outcomes)).filter(\.1).map(\.0))
      let twice = Array(outcomes.shuffled(using: &random) + outcomes)
      let again = Set(zip(twice, ParetoFront.members(of: twice)).filter(\.1).map(\.0))
      #expect(front == again)
    }
    #expect(ParetoFront.members(of: []) == [])
    #expect(
      ParetoFront.members(of: [[1, 2], [1, 2], [2, 1], [2, 2]]) == [true, true, true, false])
  }
}
