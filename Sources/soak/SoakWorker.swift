import EngineSimulation
import Glibc
import StorageIO

/// The process that runs seeds, and tells the one that started it line by line:
///
///     control SEED HASH     one that every worker runs, since all must do the same
///     done SEED
///     failed SEED WHAT
///     count KIND NUMBER     at the end, how often things happened
struct SoakWorker {
  static let controlCount = 4

  let kind: SimulatedKind
  let first: Int
  let stride: Int
  /// Seeds to run; 0 for no end.
  let count: Int
  let stepCount: Int

  func run(until interrupt: InterruptFlag) throws {
    var counts: [String: Int] = [:]
    for seed in 0..<Self.controlCount where !interrupt.isSet {
      do {
        let trace = try kind.run(seed: UInt64(seed), stepCount: stepCount)
        say("control \(seed) \(trace.hash)")
      } catch {
        say("control \(seed) failed")
      }
    }
    var done = 0
    var seed = first
    while !interrupt.isSet, count == 0 || done < count {
      do {
        let trace = try kind.run(seed: UInt64(seed), stepCount: stepCount)
        for (kind, number) in trace.counts { counts[kind, default: 0] += number }
        say("done \(seed)")
      } catch {
        say("failed \(seed) \(String("\(error)".map { $0.isNewline ? " " : $0 }))")
      }
      done += 1
      seed += stride
    }
    for (kind, number) in counts.sorted(by: { $0.key < $1.key }) { say("count \(number) \(kind)") }
  }

  private func say(_ line: String) {
    print(line)
    fflush(nil)
  }
}
