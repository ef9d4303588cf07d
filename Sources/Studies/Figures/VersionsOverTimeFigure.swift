import BenchKit
import CompactionPolicies
import PolicyLab

/// What readers have to merge, and what is still to be written, from second to second under bursts
/// of loads.
public struct VersionsOverTimeFigure: Figure {
  public let name = "versions-over-time"
  public let summary = "versions, debt and merging from second to second under bursts of loads"
  private let loadCount: Int

  public init(loadCount: Int = 4500) { self.loadCount = loadCount }

  static let specs = ["gradient", "num-based", "tiered", "binomial:k=4"]

  public func files(_ note: (String) throws -> Void) throws -> [FigureFile] {
    var lines = [TimelineRow.header]
    for spec in Self.specs {
      try note(spec)
      var point = SweepPoint()
      point.policy = spec
      point.arrivals = "bursty:per_s=60,on_s=10,off_s=20"
      point.sizes = "log-normal:median_kib=512,sigma=1"
      point.costs = "bandwidth_mib_s=400"
      point.keys = "unique"
      let model = try point.timedModel()
      let lists = TimedLists(runID: spec, costs: model.costs, queries: .none)
      let policy = try PolicyCatalogue.shipped.policy(spec)
      _ = try model.run(policy.policy, loadCount: loadCount, observer: lists.observer(every: 1))
      lines += lists.timelineText.split(separator: "\n").dropFirst().map(String.init)
    }
    let text = lines.joined(separator: "\n") + "\n"
    return [FigureFile(name: "versions-over-time.csv", text: text)]
  }
}
