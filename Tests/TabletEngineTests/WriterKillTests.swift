import Foundation
import Glibc
import QueryEngine
import StorageBase
import StorageIO
import TabletModel
import Testing

@testable import TabletEngine

/// A process that loads in every way there is, killed at random moments, also while it recovers,
/// again and again on one store. `./dev kill --rounds N` runs more rounds.
@Suite struct WriterKillTests {
  private static let roundsPerStore = 50

  private static var roundCount: Int {
    ProcessInfo.processInfo.environment["SEDIMENT_KILL_ROUNDS"].flatMap { Int($0) } ?? 8
  }

  @Test func everythingIsAsAcknowledged() throws {
    let directory = "/tmp/sediment-writer-kill-\(getpid())"
    var random = SeededGenerator(seed: 11)
    var ledger = WriterLedger()
    var total = 0
    for round in 0..<Self.roundCount {
      if round % Self.roundsPerStore == 0 {
        KilledProcess.removeTree(directory)
        ledger = WriterLedger()
      }
      let lines = try runAndKill(directory, round: round, &random)
      total += lines.count
      for line in lines { try ledger.note(line) }
      guard try PosixFileSystem().exists(directory + "/SEDIMENT") else { continue }
      let store = try Store.open(directory, files: PosixFileSystem(), clock: SystemClock())
      try ledger.compare(with: store)
      #expect(ledger.problems == [], "round \(round)")
      if round % 5 == 0 { #expect(StoreVerifier(store).run().problems == [], "round \(round)") }
      guard ledger.problems.isEmpty else { return }
      try ledger.decideSome(in: store, &random)
    }
    #expect(total > Self.roundCount * 50, "a writer that does nothing proves nothing")
    KilledProcess.removeTree(directory)
    if Self.roundCount > 100 { print("\(Self.roundCount) rounds, \(total) lines") }
  }

  /// Kills after some lines, or after some time whatever has been said by then.
  private func runAndKill(
    _ directory: String, round: Int, _ random: inout SeededGenerator
  ) throws -> [String] {
    let isEarly = random.next() % 5 == 0
    let lineCount = 20 + Int(random.next() % 1500)
    let clock = MonotonicClock()
    let end = clock.now() + (isEarly ? 1 + random.next() % 30 : 10_000) * 1_000_000
    return try KilledProcess.run("crash-writer", [directory, "\(round)"]) {
      $0 >= lineCount || clock.now() >= end
    }
  }
}
