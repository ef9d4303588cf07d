import Foundation
import StorageBase
import Testing

@testable import BenchKit

struct RunFolderTests {
  private static let startedAt = Timestamp(rawValue: 1_769_862_645_123_456)

  private func withTemporaryFolder(_ body: (String) throws -> Void) throws {
    let path = NSTemporaryDirectory() + "bench-kit-tests-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: path) }
    try body(path)
  }

  private func lines(_ path: String) throws -> [String] {
    try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
  }

  private func makeRecord(_ runID: String) -> RunRecord {
    RunRecord(
      runID: runID, startedAt: Self.startedAt, seed: .max,
      configuration: ["policy": "gradient", "nested": ["z": 1, "a": [1.5, true, nil]]],
      simdLevel: "avx2",
      environment: RunEnvironment.capture(dataPath: "/", sourcePath: "/nonexistent"))
  }

  @Test func idsNameStartPolicyAndChance() {
    var generator = SeededGenerator(seed: 1)
    var again = SeededGenerator(seed: 1)
    func id(_ generator: inout SeededGenerator) -> String {
      RunFolder.makeRunID(startedAt: Self.startedAt, policy: "fluid:k=2/é", using: &generator)
    }
    let first = id(&generator)
    #expect(first.hasPrefix("20260131T123045Z-fluid-k-2---"))
    #expect(first == id(&again))
    #expect(Set((0..<50).map { _ in id(&generator) }).count == 50)
  }

  @Test func aRunLeavesAllItsFiles() throws {
    try withTemporaryFolder { parent in
      let folder = try RunFolder(parent: parent + "/a/b", runID: "run-1")
      try folder.write(makeRecord("run-1"))
      try folder.append(TimelineRow(runID: "run-1", elapsedSeconds: 1, intervalSeconds: 1))
      // Rows are there before the run ends.
      #expect(try lines(folder.path + "/timeline.csv").count == 2)
      try folder.append(
        OperationRow(runID: "run-1", kind: "commit", errors: 0, latencies: LatencySnapshot()))
      try folder.append(
        CompactionRow(
          runID: "run-1", startSeconds: 0, durationSeconds: 1, tablet: 1, kind: "base",
          firstVersion: 0, lastVersion: 1, inputs: 2, inputBytes: 3, reason: "a\nb"))
      let summary = SummaryRow(
        runID: "run-1", policy: "none", policyParameters: "", workload: "w", mode: "real", seed: 1)
      try folder.write(summary)
      let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
      #expect(
        names == ["compactions.csv", "operations.csv", "run.json", "summary.csv", "timeline.csv"])
      #expect(try lines(folder.path + "/summary.csv") == [SummaryRow.header, summary.line])
      #expect(try lines(folder.path + "/operations.csv")[0] == OperationRow.header)
      #expect(try lines(folder.path + "/compactions.csv")[0] == CompactionRow.header)
    }
  }

  @Test func nothingIsReplaced() throws {
    try withTemporaryFolder { parent in
      let folder = try RunFolder(parent: parent, runID: "run")
      try folder.write(makeRecord("run"))
      #expect(throws: StorageError.alreadyExists(kind: "run folder", name: parent + "/run")) {
        try RunFolder(parent: parent, runID: "run")
      }
      #expect(throws: StorageError.alreadyExists(kind: "file", name: parent + "/run/run.json")) {
        try folder.write(makeRecord("run"))
      }
    }
  }

  @Test func rowsOfManyThreadsStayWhole() async throws {
    let parent = NSTemporaryDirectory() + "bench-kit-tests-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: parent) }
    let folder = try RunFolder(parent: parent, runID: "run")
    try await withThrowingTaskGroup(of: Void.self) { group in
      for thread in 0..<4 {
        group.addTask {
          for index in 0..<100 {
            try folder.append(
              TimelineRow(
                runID: "run-\(thread)", elapsedSeconds: Double(index), intervalSeconds: 1))
          }
        }
      }
      try await group.waitForAll()
    }
    let found = try lines(folder.path + "/timeline.csv")
    #expect(found.count == 401)
    #expect(Set(found).count == 401)
    let commas = TimelineRow.columns.count - 1
    #expect(found.allSatisfy { $0.filter { $0 == "," }.count == commas })
  }

  @Test func theRecordIsJSONThatRepeatsTheRun() throws {
    let text = makeRecord("run-\"1\"\n").json.prettyText
    let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
    let record = try #require(object)
    #expect(record["run_id"] as? String == "run-\"1\"\n")
    #expect(record["seed"] as? String == "18446744073709551615")
    #expect(record["start_time"] as? String == "2026-01-31 12:30:45.123456 UTC")
    let configuration = try #require(record["configuration"] as? [String: Any])
    #expect(configuration["policy"] as? String == "gradient")
    let machine = try #require(record["machine"] as? [String: Any])
    #expect((machine["cores"] as? Int ?? 0) > 0)
    #expect((machine["memory_bytes"] as? Int ?? 0) > 1 << 20)
    #expect(machine["kernel"] is String)
    #expect(machine["file_system"] is String)
    let program = try #require(record["program"] as? [String: Any])
    #expect(program["git_rev"] is NSNull)
    // Members keep their order, unlike those of a dictionary.
    let order = ["\"nested\"", "\"z\"", "\"a\""].compactMap { text.range(of: $0)?.lowerBound }
    #expect(order.count == 3 && order == order.sorted())
  }
}
