import PolicyLab
import StorageBase
import Testing

@testable import Studies

@Suite struct SweepFileTests {
  /// Of places the line alone.
  private func mistakes(_ yaml: String) -> String {
    do {
      _ = try SweepGrid(yaml: yaml, path: "s.yaml")
      return ""
    } catch {
      return "\(error)".replacing(#/, column \d+: /#, with: ": ")
    }
  }

  @Test func everyFormOfValuesIsUnderstood() throws {
    let grid = try SweepGrid(
      yaml: """
        policies:
          - gradient
          - tiered: {t: [2, 4]}
          - universal: {trigger: [4, 8], size_ratio: 1}
          - none:
        workloads:
          steady:
          bursty:
            arrivals: {bursty: {per_s: [50, 100], on_s: 5}}
            sizes: [constant:kib=64, "log-normal:median_kib=256,sigma=2"]
            keys: [unique, duplicate]
            loads: 7
        schedulers: [fair, "greedy:cumulative=4"]
        seeds: [2, 5..6]
        loads: [10, 20]
        version_limit: 100
        queries: [10, "shift:per_s=5,then_per_s=50"]
        """, path: "s.yaml")
    #expect(
      grid.policies == [
        "gradient", "tiered:t=2", "tiered:t=4", "universal:trigger=4,size_ratio=1",
        "universal:trigger=8,size_ratio=1", "none",
      ])
    #expect(grid.schedulers == ["fair", "greedy:cumulative=4"])
    #expect(grid.seeds == [2, 5, 6])
    #expect(grid.versionLimits == [100])
    #expect(grid.workloads[1].queries == ["10", "shift:per_s=5,then_per_s=50"])
    #expect(grid.workloads.map(\.name) == ["steady", "bursty"])
    #expect(grid.workloads[0].loadCounts == [10, 20])
    #expect(grid.workloads[1].loadCounts == [7])
    #expect(
      grid.workloads[1].arrivals == ["bursty:per_s=50,on_s=5", "bursty:per_s=100,on_s=5"])
    #expect(grid.workloads[1].keys == ["unique", "duplicate"])
    #expect(try grid.points().count == 6 * 2 * 3 * (2 + 2 * 2 * 2) * 2)
  }

  @Test func modesAreAnAxis() throws {
    let policies = "policies: [full, tiered]\n"
    #expect(try SweepGrid(yaml: policies, path: "s.yaml").modes == [.simulated])
    #expect(try SweepGrid(yaml: policies + "mode: engine", path: "s.yaml").modes == [.engine])
    let both = try SweepGrid(yaml: policies + "modes: [simulated, engine]", path: "s.yaml")
    #expect(try both.points().map(\.mode) == [.simulated, .engine, .simulated, .engine])
    for (text, part) in [
      ("modes: [real]", "line 2: modes is \"real\"; write simulated or engine"),
      ("modes: []", "line 2: modes is an empty list"),
      ("mode: engine\nmodes: engine", "line 2: mode and modes are the same"),
      ("mode: engine\nmodel: flushes", "line 2: in the engine merges take time"),
    ] {
      #expect(mistakes(policies + text).contains(part))
    }
  }

  @Test func withoutWorkloadsThereIsOne() throws {
    let grid = try SweepGrid(yaml: "policies: full\nmodel: flushes\nloads: 5", path: "s.yaml")
    #expect(try grid.points().map(\.loadCount) == [5])
    #expect(try grid.points().map(\.keys) == ["unique"])
  }

  @Test func allMistakesAreNamedWithTheirLines() {
    let text = mistakes(
      """
      policies: [gradent, tiered: {t: 1}]
      schedulars: [fair]
      workloads:
        a: {arrivals: bursty:per_s=5,on_s=1}
        b: {loads: many, keys: both}
      seeds: [-1, 1..x]
      """)
    for part in [
      "s.yaml", "mistakes", "line 1: policies: ", "gradient",
      "line 1: policies: policy tiered: t 1",
      "line 2: unknown key schedulars; did you mean schedulers?",
      "line 4: unknown key on_s=1; within { } quote", "line 5: loads is \"many\"",
      "line 5: keys is \"both\"; write unique or duplicate", "line 6: seeds is \"-1\"",
      "line 6: seeds is \"1..x\"",
    ] {
      #expect(text.contains(part), "\(part) is missing in \(text)")
    }
  }

  @Test func whatTheModelHasNotIsSaid() {
    #expect(
      mistakes("model: flushes\npolicies: [full]\nschedulers: [fair]")
        .contains("line 3: schedulers means nothing in the model flushes"))
    #expect(
      mistakes("model: flushes\npolicies: [full]\nworkloads:\n  a: {writers: 3}")
        .contains("line 4: writers means nothing"))
    #expect(mistakes("model: real\npolicies: [full]").contains("write flushes or timed"))
  }

  @Test func textThatIsNoSweepIsRefused() {
    #expect(mistakes("").contains("the file is empty"))
    #expect(mistakes("- gradient").contains("expected keys and values"))
    #expect(mistakes("policies: [a").contains("not YAML"))
    #expect(mistakes("loads: 5").contains("policies are missing"))
    #expect(mistakes("policies: []").contains("empty list"))
    #expect(mistakes("policies: [{tiered: 4}]").contains("tiered takes {parameter: value}"))
    #expect(mistakes("policies: [[full]]").contains("expected a name"))
    #expect(mistakes("policies: [full]\nworkloads: [a]").contains("workloads must be names"))
  }
}
