import BenchKit
import CompactionPolicies
import PolicyLab
import StorageBase

/// What `simulate --optimum` answers: a bound for the canonical model.
struct OptimumReport {
  private let flushCount: Int
  private let loadByteCount: Int
  private let spec: String
  private let componentMax: Int?
  private let queryCount: Double
  private let readByteCount: Int
  /// Found by dynamic programme, or by a beam if there are too many loads; nil if there is a closed
  /// form and the programme would take too long.
  private let plan: OfflinePlan?
  private let isExact: Bool

  /// - Throws: `StorageError` for a spec that is not understood.
  init(_ spec: String, flushCount: Int, loadByteCount: Int) throws {
    var parameters = try PolicySpec("optimum:" + spec, of: "bound", among: ["optimum"]).parameters
    let k = parameters.integer("k", default: 0, in: 0...1000, "most components; 0 is no limit")
    queryCount = parameters.number(
      "queries", default: 0, in: 0...1e9, "queries after each load")
    readByteCount =
      parameters.integer(
        "read_kib", default: 64, in: 0...(1 << 30),
        "what a query pays for a component, in KiB written") << 10
    parameters.require(k > 0 || queryCount > 0, "give k, or queries, or both")
    try parameters.finish()
    self.flushCount = flushCount
    self.loadByteCount = loadByteCount
    self.spec = spec
    componentMax = k > 0 ? k : nil
    let loads = [OfflineLoad](
      repeating: OfflineLoad(byteCount: loadByteCount, queryCount: queryCount), count: flushCount)
    let costs = OfflineCosts(
      perComponentRead: Double(readByteCount), mergesFromMemory: queryCount == 0)
    isExact = flushCount <= OfflineOptimum.loadCountMax(isBounded: k > 0)
    if isExact {
      plan = try OfflineOptimum.plan(loads, costs: costs, componentMax: componentMax)
    } else if queryCount > 0 {
      plan = BeamSearch(componentMax: componentMax ?? 48).plan(loads, costs: costs)
    } else {
      plan = nil
    }
  }

  /// By the closed form, which knows no queries.
  private var boundByteCount: Int? {
    guard queryCount == 0, let componentMax else { return nil }
    let count = KBoundedOptimum.buildCount(componentMax: componentMax, flushCount: flushCount)
    return count * loadByteCount
  }

  var summary: SummaryRow {
    var row = SummaryRow(
      runID: "optimum-\(flushCount)", policy: "optimum", policyParameters: spec,
      workload: "flushes", mode: "simulated", seed: 0)
    row.tablets = 1
    row.commits = flushCount
    row.bytesIngested = flushCount * loadByteCount
    row.bytesFlushed = flushCount * loadByteCount
    if queryCount == 0 {
      row.buildBytes = boundByteCount
      row.optimumGap = 1
      row.optimumKind = WriteReference.Kind.exact.rawValue
      row.maxSettled = componentMax.map { min($0, flushCount) }
    } else if let plan {
      row.totalBytes = plan.writtenByteCount
      row.mergeBytes = plan.writtenByteCount - flushCount * loadByteCount
      row.merges = plan.mergeCount
      row.maxSettled = plan.componentMax
      row.meanSettled = plan.componentMean
    }
    return row
  }

  var text: String {
    var lines = ["optimum of \(flushCount) loads of \(formatBytes(loadByteCount)), \(spec):"]
    if let boundByteCount {
      lines.append(
        "  by the closed form  \(boundByteCount) bytes, "
          + "\(boundByteCount / loadByteCount) loads, built with merges from memory")
    }
    if let plan {
      let way = isExact ? "by dynamic programme" : "by beam search"
      lines.append(
        "  \(way)  \(plan.writtenByteCount) bytes in \(plan.mergeCount) merges, "
          + "components mean \(formatFixed(plan.componentMean, places: 3)), "
          + "max \(plan.componentMax)")
      if queryCount > 0 {
        lines.append(
          "  writes and reads together cost as much as \(formatBytes(Int(plan.cost))) written")
      }
    }
    return lines.joined(separator: "\n")
  }
}
