import Foundation
import FuzzTargets
import StorageBase
import Testing

/// Replays what fuzzing begins with and what it has found, and mutations of both, the same ones in
/// every run. A decoder that traps ends the test program; the fuzzer itself is `./dev fuzz`.
///
/// With `SEDIMENT_WRITE_FIXTURES=1` in the environment the seeds are written into the source tree,
/// where there are none of that name.
@Suite struct CorpusReplayTests {
  /// How many mutations a target meets; those of stores write files each.
  private static func mutationCount(_ target: FuzzTarget) -> Int {
    switch target {
    case .log, .checkpoint: 150
    case .segment, .csv, .json, .index: 300
    case .page, .mapping, .pipeline, .stream, .window, .changes, .trace: 500
    }
  }

  private func corpus(_ target: FuzzTarget) throws -> [[UInt8]] {
    let folder = try #require(Bundle.module.resourcePath) + "/Corpus/\(target.rawValue)"
    return try FileManager.default.contentsOfDirectory(atPath: folder).sorted().map { name in
      [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)")))
    }
  }

  private func run(_ target: FuzzTarget, _ input: [UInt8]) -> Bool {
    input.withUnsafeBytes { target.run($0) }
  }

  @Test(arguments: FuzzTarget.allCases) func seedsAreTaken(target: FuzzTarget) throws {
    for (index, seed) in try target.seeds().enumerated() {
      #expect(run(target, seed), "seed \(index) of \(target)")
      if ProcessInfo.processInfo.environment["SEDIMENT_WRITE_FIXTURES"] == "1" {
        try writeIfMissing("\(target.rawValue)/seed-\(index)", seed)
      }
    }
  }

  @Test(arguments: FuzzTarget.allCases) func theCorpusIsSurvived(target: FuzzTarget) throws {
    let corpus = try corpus(target)
    #expect(!corpus.isEmpty)
    for input in corpus { _ = run(target, input) }
  }

  @Test(arguments: FuzzTarget.allCases) func mutationsAreSurvived(target: FuzzTarget) throws {
    let corpus = try corpus(target) + target.seeds()
    var mutator = Mutator(seed: 81)
    for _ in 0..<Self.mutationCount(target) { _ = run(target, mutator.mutation(of: corpus)) }
  }

  private func writeIfMissing(_ name: String, _ bytes: [UInt8]) throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    let file = folder.appendingPathComponent("Corpus/\(name)")
    guard !FileManager.default.fileExists(atPath: file.path) else { return }
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: file)
  }
}
