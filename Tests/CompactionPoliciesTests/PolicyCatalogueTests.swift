import CompactionPolicies
import StorageBase
import TabletModel
import Testing

/// A policy from outside, as the README of the tests asks for: merge the newest few loads.
private struct PairsPolicy: CataloguedPolicy {
  static let name = "pairs"
  static let summary = "merges any two neighbours"
  static let source = "test"
  let width: Int
  let share: Double

  init(_ parameters: inout PolicyParameters) {
    width = parameters.integer("width", default: 2, in: 2...9, "rowsets of a merge")
    share = parameters.number("share", default: 0.5, in: 0...1, "unused")
    parameters.require(share < 0.9 || width > 2, "a share of 0.9 needs a width above 2")
  }
  var designPoint: DesignPoint {
    DesignPoint(trigger: "run count", layout: "any", granularity: "pair", movement: "newest")
  }
  func decide(_ facts: TabletFacts) -> CompactionDecision {
    guard facts.rowsets.count > width else { return .wait(until: nil, because: "few") }
    return .compact([.merging(facts.rowsets.suffix(width), kind: .cumulative)], because: "pairs")
  }
}

@Suite struct PolicyCatalogueTests {
  private let catalogue = PolicyCatalogue.shipped.adding(PairsPolicy.self)

  @Test func canonicalSpecsLeaveDefaultsOut() throws {
    let specs = [
      "gradient": "gradient", "full:k=1": "full", "full:k=7": "full:k=7",
      "gradient:max_deltas=50,min_deltas=6,promotion_ratio=0.05":
        "gradient:min_deltas=6,max_deltas=50",
      "pairs:share=0.250,width=3": "pairs:width=3,share=0.25",
    ]
    for (spec, canonical) in specs {
      let policy = try catalogue.policy(spec)
      #expect(policy.spec == canonical)
      #expect(try catalogue.policy(canonical).parameters == policy.parameters)
    }
    #expect(try catalogue.policy("pairs:width=3").parameterList == "width=3,share=0.5")
    #expect(try catalogue.policy("none").parameterList == "")
  }

  @Test(arguments: [
    ("gradien", "unknown policy \"gradien\": did you mean gradient?"),
    ("", "unknown policy \"\""),
    ("full:kk=2", "unknown parameter of policy full \"kk\": did you mean k? Known: k"),
    ("none:k=2", "unknown parameter of policy none \"k\""),
    ("full:k=0", "policy full: k 0: it must be a whole number in 1...2000"),
    ("full:k=two", "policy full: k two: it must be a whole number"),
    ("full:k=", "policy full: k : it must be a whole number"),
    ("gradient:promotion_ratio=nan", "it must be a number in 0.0...1.0"),
    ("full:", "is not of the form key=value"), ("full:k", "is not of the form key=value"),
    ("full:=1", "is not of the form key=value"), ("full:k=1,k=2", "k is given twice"),
    ("full:k=99999999999999999999", "it must be a whole number"),
    ("pairs:share=0.95", "policy pairs width=2,share=0.95: a share of 0.9 needs a width above 2"),
    ("gradient:min_deltas=10,max_deltas=9", "min_deltas must not be greater than max_deltas"),
    ("gradient:promotion_size_mbytes=100", "promotion_min_size_mbytes must not be greater"),
  ])
  func errorsSayWhatAndWhy(spec: String, message: String) {
    do {
      _ = try catalogue.policy(spec)
      Issue.record("\(spec) was accepted")
    } catch { #expect("\(error)".contains(message), "\(error)") }
  }

  /// Every entry describes itself, and every parameter can be set to its default by name.
  @Test func entriesAreComplete() throws {
    for entry in catalogue.entries {
      #expect(!entry.summary.isEmpty && !entry.source.isEmpty)
      #expect(!entry.designPoint.trigger.isEmpty && !entry.designPoint.layout.isEmpty)
      let assignments = entry.parameters.map { "\($0.name)=\($0.defaultValue)" }
      let spec = ([entry.name] + (assignments.isEmpty ? [] : [assignments.joined(separator: ",")]))
        .joined(separator: ":")
      #expect(try catalogue.policy(spec).spec == entry.name)
      for parameter in entry.parameters {
        #expect(!parameter.meaning.isEmpty && parameter.range.contains("..."))
        #expect(parameter.value == parameter.defaultValue)
      }
    }
  }

  /// The extremes of every range make a policy that decides.
  @Test func extremesOfEveryParameter() throws {
    let facts = TabletFacts(
      rowsets: [
        RowsetSummary(
          versions: .initial, byteCount: Int.max / 4, createdAt: Timestamp(rawValue: 0)),
        RowsetSummary(
          versions: VersionRange(2, 2), byteCount: 1, createdAt: Timestamp(rawValue: 0)),
      ], cumulativePoint: Version(2), now: Timestamp(rawValue: 0))
    for entry in catalogue.entries {
      for parameter in entry.parameters {
        for end in parameter.range.split(separator: "...") {
          let spec = "\(entry.name):\(parameter.name)=\(end)"
          guard let policy = try? catalogue.policy(spec).policy else { continue }
          #expect(policy.decide(facts) == policy.decide(facts))
        }
      }
    }
  }

  @Test func theDefaultsAreThoseOfDoris() throws {
    let gradient = try #require(catalogue.entries.first { $0.name == "gradient" })
    let defaults = gradient.parameters.map { "\($0.name)=\($0.defaultValue)" }
    #expect(
      defaults == [
        "promotion_size_mbytes=1024", "promotion_ratio=0.05", "promotion_min_size_mbytes=128",
        "compaction_min_size_mbytes=64", "min_deltas=5", "max_deltas=1000", "level_floor_kib=1",
        "base_min_rowset_num=5", "base_min_data_ratio=0.3", "base_interval_s=86400.0",
        "base_max_score=20", "dup_key_max_file_size_mbytes=1024",
      ])
  }
}
