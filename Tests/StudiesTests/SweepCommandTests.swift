import BenchKit
import Foundation
import Glibc
import Testing

/// `bench sweep` and `bench report` as people and scripts meet them.
@Suite struct SweepCommandTests {
  private let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(
      path: "sediment-sweep-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  private func exitCode(_ arguments: String...) throws -> Int32 {
    try BenchProgram(arguments).exitCode()
  }

  private func text(_ path: String) -> String? {
    try? String(contentsOf: folder.appending(path: path), encoding: .utf8)
  }

  private func rowCount(_ path: String) -> Int {
    max(0, (text(path) ?? "").count { $0 == "\n" } - 1)
  }

  private func writeSweep(loads: Int) throws -> String {
    let file = folder.appending(path: "grid.yaml")
    try """
    policies: [gradient, tiered, leveled, exploring]
    schedulers: [fair, greedy]
    seeds: 1..2
    costs: bandwidth_mib_s=400
    loads: \(loads)
    """.write(to: file, atomically: true, encoding: .utf8)
    return file.path
  }

  /// Waits until a sweep has so many rows, and sends a signal.
  private func stop(_ program: BenchProgram, by signal: Int32, after count: Int) {
    var turnsLeft = 10_000
    while turnsLeft > 0, rowCount("b/sweep-rows.csv") < count {
      usleep(1000)
      turnsLeft -= 1
    }
    kill(program.id, signal)
  }

  @Test func whatIsInterruptedOrKilledIsContinued() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = try writeSweep(loads: 800)
    let (whole, parts) = (folder.appending(path: "a").path, folder.appending(path: "b").path)
    #expect(try exitCode("sweep", file, "--out", whole, "--jobs", "2") == 0)
    #expect(rowCount("a/sweep.csv") == 16)

    let interrupted = try BenchProgram(["sweep", file, "--out", parts, "--jobs", "1"])
    stop(interrupted, by: SIGINT, after: 3)
    #expect(try interrupted.exitCode() == 130)
    let first = rowCount("b/sweep.csv")
    #expect(first >= 3 && first < 16)
    #expect(first == rowCount("b/sweep-rows.csv"))

    let killed = try BenchProgram(["sweep", file, "--out", parts, "--jobs", "1"])
    stop(killed, by: SIGKILL, after: first + 2)
    #expect(try killed.exitCode() == -1)
    #expect(rowCount("b/sweep-rows.csv") >= first + 2)
    #expect(try exitCode("sweep", file, "--out", parts, "--jobs", "2") == 0)
    #expect(text("b/sweep.csv") == text("a/sweep.csv"))

    for part in ["1/2", "2/2"] {
      let folder = folder.appending(path: "c" + part.prefix(1)).path
      #expect(try exitCode("sweep", file, "--out", folder, "--shard", part) == 0)
    }
    #expect(rowCount("c1/sweep.csv") == 8 && rowCount("c2/sweep.csv") == 8)
    let shards = [1, 2].flatMap { ["--rows", folder.appending(path: "c\($0)").path] }
    let together = folder.appending(path: "d").path
    let union = try BenchProgram(["sweep", file, "--out", together, "--fresh"] + shards)
    #expect(try union.exitCode() == 0)
    #expect(text("d/sweep.csv") == text("a/sweep.csv"))

    #expect(try exitCode("report", parts) == 0)
    #expect(text("b/report.html")?.contains("Sweep: 16 runs") == true)
  }

  /// The same loads in virtual time and on real files, from one file, interrupted between the two.
  @Test func bothModesOfOneFile() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "grid.yaml").path
    try """
    policies: ["gradient:min_deltas=3", tiered]
    modes: [simulated, engine]
    workloads:
      open: {arrivals: constant:per_s=40, tablets: 2, queries: 30}
      keyed: {arrivals: closed, keys: unique, overlap_mib: 1}
    sizes: constant:kib=4
    writers: 2
    loads: 24
    """.write(toFile: file, atomically: true, encoding: .utf8)
    let out = folder.appending(path: "b").path
    let data = folder.appending(path: "data").path
    let command = ["sweep", file, "--out", out, "--data", data]
    let interrupted = try BenchProgram(command)
    stop(interrupted, by: SIGINT, after: 5)
    #expect(try interrupted.exitCode() == 130)
    let first = (text("b/sweep-rows.csv") ?? "").split(separator: "\n").dropFirst()
    #expect(first.count >= 5 && first.count < 8)
    #expect(try BenchProgram(command).exitCode() == 0)
    let rows = (text("b/sweep-rows.csv") ?? "").split(separator: "\n").dropFirst()
    #expect(rows.count == 8)
    #expect(Set(first).isSubset(of: rows))
    #expect(try FileManager.default.contentsOfDirectory(atPath: data) == [])

    let table = CSVTable(text: text("b/sweep.csv") ?? "")
    func number(_ column: String, _ row: [String]) -> Double {
      table.number(column, of: row) ?? .nan
    }
    #expect(
      table.rows.map { table.field("mode", of: $0) }
        == (0..<4).flatMap { _ in ["simulated", "engine"] })
    for place in stride(from: 0, to: table.rows.count, by: 2) {
      let (simulated, real) = (table.rows[place], table.rows[place + 1])
      for column in ["workload", "policy_spec", "arrivals", "sizes", "loads", "keys_model"] {
        #expect(table.field(column, of: simulated) == table.field(column, of: real))
      }
      #expect(number("commits", real) == 24 && number("errors", real) == 0)
      // Generated rows come near to the bytes that are wanted.
      #expect(abs(number("bytes_flushed", real) / number("bytes_flushed", simulated) - 1) < 0.15)
      for column in [
        "write_amp", "components_mean", "peak_bytes", "settled_write_amp", "quiesce_s",
        "versions_max", "cost_s", "space_amp", "debt_bytes_final", "commit_p99_ms",
      ] {
        #expect(number(column, real).isFinite, "\(column) is missing")
      }
      #expect(number("tablets", real) == number("tablets", simulated))
      if table.field("workload", of: real) == "open" {
        #expect(number("queries", real) > 0)
        #expect(number("query_cpu_s", real) > 0)
      }
    }
    for mode in ["simulated", "engine"] {
      for workload in ["open", "keyed"] {
        #expect(
          table.rows.contains {
            table.field("mode", of: $0) == mode && table.field("workload", of: $0) == workload
              && table.field("pareto", of: $0) == "true"
          })
      }
    }
    #expect(try exitCode("report", out) == 0)
    #expect(text("b/report.html")?.contains("Workload open, engine") == true)
  }

  @Test func whatCannotBeDoneIsRefused() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "wrong.yaml").path
    try "policies: [gradent]".write(toFile: file, atomically: true, encoding: .utf8)
    #expect(try exitCode("sweep", file, "--out", folder.path) == 64)
    #expect(try exitCode("sweep", folder.path + "/nothing.yaml") == 74)
    #expect(try exitCode("report", folder.path) == 64)
    #expect(try exitCode("sweep", file, "--shard", "3/2") == 64)
    #expect(try exitCode("figure", "nothing") == 64)
  }
}
