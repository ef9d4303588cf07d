import BenchKit
import Glibc
import StorageBase
import TabletEngine

/// A table of row handles of a certain size, and the keys it is asked with.
struct KeyBench {
  private static let probeCount = 1 << 21
  private static let skew = 0.99

  let rowCount: Int
  let batchCount: Int
  let width: Int
  let hasSequences: Bool
  private var random = SeededGenerator(seed: 42)

  init(rowCount: Int, batchCount: Int, width: Int, hasSequences: Bool) {
    self.rowCount = rowCount
    self.batchCount = batchCount
    self.width = width
    self.hasSequences = hasSequences
  }

  /// All figures of one run, always in the same order.
  mutating func round() -> [KeyFinding] {
    var findings: [KeyFinding] = []
    let secret = KeySecret(using: &random)
    let keys = [UInt64](unsafeUninitializedCapacity: rowCount * width) { words, count in
      for word in words.indices { words[word] = UInt64(word / width) }
      count = words.count
    }
    var table = RowHandleTable(width: width, hasSequences: hasSequences, secret: secret)
    table.reserve(rowCount)
    findings.append(finding("build", "reserved", exchange(table, keys).nanoseconds))
    findings.append(memory(of: table, "reserved"))
    table = RowHandleTable(width: width, hasSequences: hasSequences, secret: secret)
    let grown = exchange(table, keys)
    findings.append(finding("build", "growing", grown.nanoseconds))
    findings.append(finding("longest batch", "growing", unit: "us", grown.longestMicroseconds))
    findings.append(memory(of: table, "growing"))
    for (name, keys) in [("uniform", uniformKeys()), ("zipfian", zipfianKeys())] {
      findings.append(finding("find", name, find(table, keys)))
      findings.append(finding("exchange", name, exchange(table, keys).nanoseconds))
    }
    findings.append(finding("find", "absent", find(table, uniformKeys(from: 1 << 40))))
    return findings
  }

  private func memory(of table: RowHandleTable, _ keys: String) -> KeyFinding {
    finding("memory", keys, unit: "bytes/key", Double(table.byteCount) / Double(rowCount))
  }

  private func finding(
    _ operation: String, _ keys: String, unit: String = "ns/key", _ value: Double
  ) -> KeyFinding {
    KeyFinding(
      rowCount: rowCount, codeWords: width, hasSequences: hasSequences, operation: operation,
      keys: keys, unit: unit, value: value)
  }

  private mutating func uniformKeys(from first: UInt64 = 0) -> [UInt64] {
    (0..<Self.probeCount).flatMap { _ in
      let key = first + UInt64.random(in: 0..<UInt64(rowCount), using: &random)
      return repeatElement(key, count: width)
    }
  }

  /// Ranks by inverting the integral of the density, spread over the table.
  private mutating func zipfianKeys() -> [UInt64] {
    let exponent = 1 - Self.skew
    let total = pow(Double(rowCount), exponent) - 1
    return (0..<Self.probeCount).flatMap { _ in
      let rank = UInt64(pow(1 + random.nextUnit() * total, 1 / exponent)) - 1
      let key = mixBits(rank) % UInt64(rowCount)
      return repeatElement(key, count: width)
    }
  }

  private func find(_ table: RowHandleTable, _ keys: [UInt64]) -> Double {
    var handles = [UInt32](repeating: 0, count: batchCount)
    let start = ProcessUsage.threadCPUSeconds()
    forBatches(of: keys) { codes, _ in
      handles.withUnsafeMutableBufferPointer { table.find(codes, into: $0) }
    }
    return (ProcessUsage.threadCPUSeconds() - start) * 1e9 / Double(keys.count / width)
  }

  private func exchange(
    _ table: RowHandleTable, _ keys: [UInt64]
  ) -> (nanoseconds: Double, longestMicroseconds: Double) {
    var previous = [UInt32](repeating: 0, count: batchCount)
    let sequences = [Int64](repeating: 1, count: batchCount)
    var longest = 0.0
    let start = ProcessUsage.threadCPUSeconds()
    forBatches(of: keys) { codes, first in
      let batchStart = ProcessUsage.threadCPUSeconds()
      sequences.withUnsafeBufferPointer { sequences in
        previous.withUnsafeMutableBufferPointer {
          _ = table.exchange(
            codes, with: .ascending(from: UInt32(first)),
            sequences: hasSequences ? sequences : nil, outcome: ExchangeOutcome(previous: $0))
        }
      }
      longest = max(longest, ProcessUsage.threadCPUSeconds() - batchStart)
    }
    let seconds = ProcessUsage.threadCPUSeconds() - start
    return (seconds * 1e9 / Double(keys.count / width), longest * 1e6)
  }

  private func forBatches(
    of keys: [UInt64], _ body: (UnsafeBufferPointer<UInt64>, Int) -> Void
  ) {
    keys.withUnsafeBufferPointer { words in
      let rowCount = words.count / width
      for first in stride(from: 0, to: rowCount, by: batchCount) {
        let end = min(first + batchCount, rowCount)
        body(UnsafeBufferPointer(rebasing: words[first * width..<end * width]), first)
      }
    }
  }
}
