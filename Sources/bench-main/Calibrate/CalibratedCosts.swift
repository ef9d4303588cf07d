import BenchKit
import PolicyLab

/// Prices of a cost model as they were measured, and how well straight lines tell them.
struct CalibratedCosts {
  private let loads: LinearFit?
  private let mergeCPU: LinearFit?
  private let mergeElapsed: LinearFit?
  private let queries: LinearFit?

  typealias Sample = CalibrationBed.Sample

  init(loads: [Sample], merges: [Sample], queries: [Sample]) {
    self.loads = Self.fit(loads, \.elapsedSeconds)
    mergeCPU = Self.fit(merges, \.cpuSeconds)
    mergeElapsed = Self.fit(merges, \.elapsedSeconds)
    self.queries = Self.fit(queries, \.cpuSeconds)
  }

  private static let rowCounts = [50, 500, 5000, 50_000]
  private static let loadCount = 8
  private static let componentCounts = [1, 4, 16, 64, 128]

  /// Measures them.
  /// - Parameters:
  ///   - disk: a directory on the disk to measure; nil for the temporary one.
  ///   - rounds: how often each size is measured.
  ///   - keepGoing: called between measurements; what it throws ends them.
  static func measured(
    on disk: String? = nil, rounds: Int = 5, queryRowCount: Int = 100_000, seed: UInt64 = 1,
    keepGoing: @escaping () throws -> Void
  ) throws -> CalibratedCosts {
    let directory = try DataDirectory(disk.map { $0 + "/calibration" }, runID: "calibrate")
    defer { DataDirectory.remove(directory.path) }
    try createDirectories(directory.path)
    let bed = CalibrationBed(folder: directory.path, seed: seed, keepGoing: keepGoing)
    let merges = try bed.merges(rowCounts: rowCounts, loadCount: loadCount, rounds: rounds)
    let queries = try bed.queries(
      rowCount: queryRowCount, loadCounts: componentCounts, rounds: 20 * rounds)
    return CalibratedCosts(loads: merges.loads, merges: merges.merges, queries: queries)
  }

  /// Of the samples of about one size, the median: others had the machine for themselves.
  private static func fit(_ samples: [Sample], _ value: KeyPath<Sample, Double>) -> LinearFit? {
    var groups: [Int: [Sample]] = [:]
    for sample in samples {
      groups[Int(sample.size).bitWidth - Int(sample.size).leadingZeroBitCount, default: []]
        .append(sample)
    }
    return LinearFit(
      groups.values.map { group in
        let sizes = group.map(\.size).sorted()
        let values = group.map { $0[keyPath: value] }.sorted()
        return (sizes[sizes.count / 2], values[values.count / 2])
      })
  }

  /// As `--costs` takes it.
  var list: String {
    var parts: [String] = []
    func add(_ name: String, _ value: Double?, places: Int) {
      guard let value, value.isFinite, value > 0 else { return }
      parts.append("\(name)=\(formatFixed(value, places: places))")
    }
    func speed(_ slope: Double?) -> Double? { slope.map { 1 / $0 / Double(1 << 20) } }
    add("load_ms", loads.map { $0.intercept * 1e3 }, places: 4)
    add("load_mib_s", speed(loads?.slope), places: 2)
    add("merge_ms", mergeCPU.map { $0.intercept * 1e3 }, places: 4)
    add("cpu_mib_s", speed(mergeCPU?.slope), places: 2)
    if let mergeCPU, let mergeElapsed {
      add(
        "merge_wait_ms", max(0, mergeElapsed.intercept - mergeCPU.intercept) * 1e3, places: 4)
      // Inputs come from memory that files are mapped to; what waits is writing.
      parts.append("read_mib_s=1000000")
      let waiting = mergeElapsed.slope - mergeCPU.slope
      add("write_mib_s", min(1e6, waiting > 0 ? speed(waiting) ?? 1e6 : 1e6), places: 2)
    }
    add("query_ms", queries.map { $0.intercept * 1e3 }, places: 5)
    add("component_ms", queries.map { $0.slope * 1e3 }, places: 5)
    return parts.joined(separator: ",")
  }

  /// For people.
  var text: String {
    func line(_ name: String, _ fit: LinearFit?, per unit: String, _ scale: Double) -> String {
      guard let fit else { return "  \(name) not measured" }
      return "  \(name) \(formatFixed(fit.intercept * 1e3, places: 3)) ms, and "
        + "\(formatFixed(fit.slope * scale * 1e3, places: 4)) ms for each \(unit)"
    }
    let mebibyte = Double(1 << 20)
    return [
      line("load, elapsed          ", loads, per: "MiB", mebibyte),
      line("merge, processor       ", mergeCPU, per: "MiB of inputs", mebibyte),
      line("merge, elapsed         ", mergeElapsed, per: "MiB of inputs", mebibyte),
      line("query, processor       ", queries, per: "component", 1),
    ].joined(separator: "\n")
  }
}
