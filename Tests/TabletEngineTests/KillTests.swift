import CompactionPolicies
import Glibc
import IngestDriver
import QueryEngine
import ScanKernels
import StorageBase
import StorageIO
import TabletModel
import Testing

@testable import TabletEngine

/// Kills a process that loads and compacts, at a random moment and again and again, and looks for
/// every load it had acknowledged.
@Suite struct KillTests {
  private static let writers = 4
  private static let rowsPerLoad = 50

  @Test func everyAcknowledgedLoadIsFound() throws {
    let directory = "/tmp/sediment-kill-\(getpid())"
    defer { KilledProcess.removeTree(directory) }
    var random = SeededGenerator(seed: 3)
    var acknowledged = Set<Int>()
    for round in 0..<3 {
      let killAfter = 200 + Int(random.next() % 400)
      let seen = try runAndKill(directory, seed: UInt64(round), afterLoads: killAfter)
      #expect(seen.count >= killAfter)
      let store = try Store.open(directory, files: PosixFileSystem(), clock: SystemClock())
      #expect(StoreVerifier(store).run().problems == [])
      let found = try orderCounts(store)
      for (writer, load) in seen {
        for row in load * Self.rowsPerLoad..<(load + 1) * Self.rowsPerLoad {
          acknowledged.insert(round << 40 | (row * Self.writers + writer + 1))
        }
      }
      check(found, acknowledged: acknowledged, rounds: round + 1)
    }
  }

  /// Every acknowledged row is there at least as often as rounds have acknowledged it, no row more
  /// often than there were rounds, and loads are there whole.
  private func check(_ found: [Int: Int], acknowledged: Set<Int>, rounds: Int) {
    var expected: [Int: Int] = [:]
    for key in acknowledged { expected[key & (1 << 40 - 1), default: 0] += 1 }
    let missing = expected.filter { found[$0.key, default: 0] < $0.value }
    #expect(missing.isEmpty, "\(missing.count) acknowledged rows are missing")
    let tooOften = found.filter { $0.value > rounds }
    #expect(tooOften.isEmpty, "\(tooOften.count) rows are there more often than they were sent")
    #expect(found.values.reduce(0, +) % Self.rowsPerLoad == 0, "a load is there in part")
  }

  private func orderCounts(_ store: Store) throws -> [Int: Int] {
    let query = Query.grouping(by: "order_id").computing(.countAll, as: "count")
    let result = try query.run(on: store.snapshot(of: "orders")).result
    var counts: [Int: Int] = [:]
    for row in result.rows {
      guard case .integer(let order) = row[0], case .integer(let count) = row[1] else { continue }
      counts[Int(order)] = Int(count)
    }
    return counts
  }

  /// Starts `sediment load` and kills it once it has acknowledged `count` loads.
  /// - Returns: writer and ordinal of every load that was acknowledged.
  private func runAndKill(
    _ directory: String, seed: UInt64, afterLoads count: Int
  ) throws -> [(writer: Int, load: Int)] {
    let lines = try KilledProcess.run(
      "sediment",
      [
        "load", directory, "--generate", "100000000", "--seed", "\(seed)", "--threads",
        "\(Self.writers)", "--rows-per-load", "\(Self.rowsPerLoad)", "--show-acknowledged",
      ]
    ) { $0 >= count }
    return lines.compactMap { line in
      let words = line.split(separator: " ")
      guard words.count == 3, let writer = Int(words[1]), let load = Int(words[2]) else {
        return nil
      }
      return (writer, load)
    }
  }
}
