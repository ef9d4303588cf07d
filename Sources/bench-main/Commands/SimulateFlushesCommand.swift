import ArgumentParser
import BenchKit
import CompactionPolicies
import Glibc
import PolicyLab
import StorageBase
import Studies

struct SimulateFlushesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "flushes",
    abstract: "Runs the canonical model: equal loads, instant merges, exact bytes (the default).",
    discussion: """
      After every flush the policy is asked until it wants nothing more. Results are exact and \
      repeatable; no disk is touched. The name may be left out: bench simulate --policy gradient.

      EXAMPLES
        bench simulate --policy gradient --flushes 2000 --load-bytes 1MiB
        bench simulate --policy num-based --flushes 2000 --load-bytes 1MiB --csv -
        bench simulate --optimum k=4 --flushes 2000
            the least that any policy can write that keeps at most 4 components
        bench simulate --optimum queries=10,read_kib=64 --flushes 500
            the least that writes and reads can cost together, known beforehand
      """)

  @Option(help: "name or name:key=value,key=value; see bench policies.")
  var policy = "gradient"

  @Option(
    help: """
      Instead of a policy, the bound that none can beat: k=N for at most N components, or \
      queries=N,read_kib=M for what N queries after each load pay for each component; or both.
      """)
  var optimum: String?

  @Option(help: "How many loads arrive.")
  var flushes = 2000

  @Option(help: "Bytes of each load: a number, or one with KiB, MiB or GiB.")
  var loadBytes = "1MiB"

  @Option(
    help: """
      unique, or duplicate: Doris's policies never rewrite large rowsets of duplicate-key tables.
      """)
  var keys = "unique"

  @Option(help: "Writes the summary row to this file; - for standard output.")
  var csv: String?

  @Option(help: "Where chance comes from, for policies that need it.")
  var seed: UInt64 = 1

  func validate() throws {
    guard flushes >= 1 else {
      throw ValidationError("--flushes is \(flushes); it must be at least 1")
    }
    guard let bytes = parseByteSize(loadBytes), bytes >= 1 else {
      throw ValidationError("--load-bytes is \(loadBytes); write 4096, 64KiB, 1MiB or 1GiB")
    }
    guard ["unique", "duplicate"].contains(keys) else {
      throw ValidationError("--keys is \(keys); write unique or duplicate")
    }
  }

  func run() throws {
    try withErrorsReported {
      if let optimum {
        try show(OptimumReport(optimum, flushCount: flushes, loadByteCount: loadBytesParsed))
        return
      }
      let configured = try PolicyCatalogue.shipped.policy(policy)
      let model = CanonicalModel(
        loadByteCount: loadBytesParsed, keysModel: keys == "unique" ? .unique : .duplicate,
        seed: seed)
      var debt = 0
      let run = try model.run(configured.policy, flushCount: flushes) { run, tablet in
        guard run.flushCount == flushes else { return }
        debt = CompactionDebt.byteCount(of: tablet.facts, under: configured.policy)
      }
      var row = CanonicalReport(
        run: run, policy: configured, debtByteCount: debt, seed: seed
      ).summary
      row.gitRevision = GitRevision.capture(at: sourceRoot)?.short
      try show(row, or: text(run, of: configured))
    }
  }

  private var loadBytesParsed: Int { parseByteSize(loadBytes) ?? 1 }

  private func show(_ report: OptimumReport) throws {
    var row = report.summary
    row.gitRevision = GitRevision.capture(at: sourceRoot)?.short
    try show(row, or: report.text)
  }

  /// The row if CSV was asked for, else the text.
  private func show(_ row: SummaryRow, or text: String) throws {
    guard let csv else {
      print(text)
      return
    }
    let lines = SummaryRow.header + "\n" + row.line + "\n"
    try csv == "-"
      ? writeAll(lines, to: STDOUT_FILENO, name: "standard output") : save(lines, csv)
  }

  private func text(_ run: CanonicalRun, of policy: ConfiguredPolicy) -> String {
    """
    \(policy.spec): \(flushes) loads of \(formatBytes(run.loadByteCount))
      written      \(formatBytes(run.totalByteCount)) in \(run.mergeCount) merges
      write amp    \(formatFixed(run.writeAmplification, places: 3))
      components   mean \(formatFixed(run.settledMean, places: 3)), max \(run.settledMax), \
    final \(run.settledFinal)
      against the best possible for as many components: \
    \(formatFixed(run.optimalityGap, places: 3))
    """
  }
}
