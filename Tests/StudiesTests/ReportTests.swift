import BenchKit
import PolicyLab
import StorageBase
import Testing

@testable import Studies

@Suite struct ReportTests {
  private func summary(_ policy: String, _ parameters: String, writeAmp: Double) -> String {
    var row = SummaryRow(
      runID: policy, policy: policy, policyParameters: parameters, workload: "orders",
      mode: "engine", seed: 1)
    row.writeAmplification = writeAmp
    row.componentsMean = 3
    row.compactionCPUSeconds = 2
    return SummaryRow.header + "\n" + row.line + "\n"
  }

  private func timeline() -> String {
    var text = TimelineRow.header + "\n"
    for second in 1...5 {
      var row = TimelineRow(
        runID: "r", elapsedSeconds: Double(second), intervalSeconds: 1)
      row.componentsMean = Double(second)
      row.componentsMax = second * 2
      row.debtBytes = 1 << 20
      text += row.line + "\n"
    }
    return text
  }

  @Test func aRunIsDrawn() throws {
    var job = CompactionRow(
      runID: "r", startSeconds: 1, durationSeconds: 2, tablet: 3, kind: "base", firstVersion: 0,
      lastVersion: 9, inputs: 10, inputBytes: 1 << 22, reason: "5 < 6")
    job.outputBytes = 1
    let page = try ReportFiles(
      folder: "x",
      texts: [
        "summary.csv": summary("gradient", "a=1", writeAmp: 4.25), "timeline.csv": timeline(),
        "compactions.csv": CompactionRow.header + "\n" + job.line + "\n",
      ]
    ).page().html
    for part in [
      "gradient, orders", "4.25", "Versions of a tablet", "Debt", "5 &lt; 6", "All columns",
      "write amp",
    ] {
      #expect(page.contains(part), "\(part)")
    }
    // What was not measured has no chart.
    #expect(!page.contains("Compaction score"))
    #expect(!page.contains("Side by side"))
  }

  @Test func runsOfOnePolicyAreToldApart() throws {
    let page = try ReportFiles(
      folder: "x",
      texts: [
        "a/summary.csv": summary("gradient", "k=1,t=2", writeAmp: 3),
        "b/summary.csv": summary("gradient", "k=1,t=9", writeAmp: 5),
        "c/summary.csv": summary("full", "k=1", writeAmp: 50),
        "d/summary.csv": summary("full", "k=1", writeAmp: 50),
        "a/timeline.csv": timeline(), "c/timeline.csv": timeline(),
        "e/timeline.csv": timeline(),
      ]
    ).page().html
    for part in ["gradient:t=2", "gradient:t=9", "full 1", "full 2", "Side by side", "versions"] {
      #expect(page.contains(part), "\(part)")
    }
  }

  @Test func aSweepAndTwoPhasesAreDrawn() throws {
    let points = try SweepGrid(
      yaml: "policies: [gradient, tiered: {t: [2, 4]}]\nloads: 120", path: "s"
    ).points()
    var ledger = SweepLedger()
    var report = SustainReport()
    for point in points {
      let (policy, outcome) = try point.run()
      ledger.take(try SweepRow(point, policy: policy, outcome: outcome, gitRevision: nil))
      let result = try TwoPhaseProtocol(point.timedModel(), loadCount: 120).run(policy.policy)
      try report.append(result, of: point, policy: policy, gitRevision: nil)
    }
    let sweep = try ReportFiles(
      folder: "x", texts: ["sweep.csv": ledger.result(of: points).text]
    ).page().html
    #expect(sweep.contains("Sweep: 3 runs") && sweep.contains("tiered:t=2"))
    #expect(sweep.contains("dot c0 strong") || sweep.contains("dot c1 strong"))
    let phases = try ReportFiles(folder: "x", texts: ["sustain.csv": report.csv]).page().html
    #expect(phases.contains("tiered:t=2, fair"))
    #expect(CSVTable(text: report.csv).rows.count == 6)
    #expect(report.text.contains("tiered:t=2"))
  }

  /// A policy that never merges fills the tablet, and then nothing is loaded any more.
  @Test func aStandstillIsSaid() throws {
    var point = SweepPoint()
    point.policy = "none"
    point.versionLimit = 20
    point.backPressure = "hard"
    let (policy, _) = try point.run()
    let result = try TwoPhaseProtocol(point.timedModel(), loadCount: 400).run(policy.policy)
    #expect(result.running == nil)
    var report = SustainReport()
    try report.append(result, of: point, policy: policy, gitRevision: nil)
    #expect(report.rows.map(\.verdict) == ["refuses"])
    #expect(report.text.contains("none") && report.text.contains("refuses"))
  }

  @Test func aFolderWithoutResultsIsRefused() {
    #expect(throws: StorageError.self) { try ReportFiles(folder: "x", texts: [:]).page() }
    let unfinished = ["summary.csv": SummaryRow.header + "\n"]
    #expect(throws: StorageError.self) { try ReportFiles(folder: "x", texts: unfinished).page() }
  }
}
