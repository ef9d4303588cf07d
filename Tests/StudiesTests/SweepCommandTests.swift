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
