import CompactionPolicies
import Foundation
import PolicyLab
import StorageBase
import TabletModel
import Testing

struct ByDepthPolicy: CataloguedPolicy {
  static let name = "by-depth"
  static let summary = "merges the newest t rowsets once all have been merged equally often"
  static let source = "the tiered layout of every textbook"
  let t: Int

  init(_ parameters: inout PolicyParameters) {
    t = parameters.integer("t", default: 4, in: 2...100, "rowsets merged at a time")
  }

  var designPoint: DesignPoint {
    DesignPoint(
      trigger: "run count", layout: "tiering", granularity: "suffix", movement: "newest")
  }

  func decide(_ facts: TabletFacts) -> CompactionDecision {
    if let obstacle = facts.cumulativeObstacle { return .wait(until: nil, because: obstacle) }
    let newest = facts.components.suffix(t)
    let depths = Set(newest.map(\.mergeDepth))
    guard newest.count == t, depths.count == 1 else {
      return .wait(until: nil, because: "the newest \(newest.count) differ in depth")
    }
    return .compact([.merging(newest, kind: .cumulative)], because: "\(t) of equal depth")
  }
}

/// The policy that the README shows, as a stranger would add it.
@Suite struct ReadmePolicyTests {
  private var repository: String {
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().path
  }

  @Test func theReadmeShowsThisVeryCode() throws {
    let readme = try String(contentsOfFile: repository + "/README.md", encoding: .utf8)
    let source = try String(contentsOfFile: #filePath, encoding: .utf8)
    let start = try #require(source.range(of: "struct ByDepthPolicy"))
    let end = try #require(source.range(of: "\n}\n", range: start.lowerBound..<source.endIndex))
    let code = source[start.lowerBound..<end.upperBound]
    #expect(readme.contains(code))
    #expect(code.split(separator: "\n").count <= 30)
  }

  /// Its cost is that of tiered merging: every level with t runs is merged whole.
  @Test(arguments: [2, 3, 4, 10]) func costsWhatTheClosedFormSays(t: Int) throws {
    let catalogue = PolicyCatalogue.shipped.adding(ByDepthPolicy.self)
    let policy = try catalogue.policy("by-depth:t=\(t)").policy
    for flushes in [1, 2, 7, 64, 100, 1000] {
      let run = try CanonicalModel(loadByteCount: 1).run(policy, flushCount: flushes)
      var expected = 0
      var level = t
      while level <= flushes {
        expected += level * (flushes / level)
        level *= t
      }
      #expect(run.mergeByteCount == expected, "\(flushes) flushes")
    }
  }
}
