import BenchKit
import StreamDriver

/// What one run of `bench ingest` came to.
struct IngestMeasurement {
  let status: StreamStatus
  let seconds: Double
  /// Of the process, compaction and the generator included.
  let cpuSeconds: Double
  /// Without the pages of files that are read in place.
  let anonymousBytesMax: Int
  let peakRSSBytes: Int
  let logicalBytesPerRow: Double
  let latencies: LatencySnapshot
  let versionsMax: Int
}

extension CommitFindings {
  mutating func add(_ name: String, _ one: IngestMeasurement) {
    func add(_ figure: String, _ value: Double) { self.add("ingest", name, figure, value) }
    let rows = Double(one.status.counts.readRows)
    let text = Double(one.status.work.byteCount)
    let bytes = text > 0 ? text : rows * one.logicalBytesPerRow
    let gibibytes = bytes / Double(1 << 30)
    add("rows/s", rows / one.seconds)
    add("MB/s", bytes / 1e6 / one.seconds)
    let work = one.status.work
    let writing = work.writeSeconds + work.precommitSeconds
    add("MB per CPU second of loading", bytes / 1e6 / max(1e-9, writing))
    if text > 0 {
      add("MB per CPU second, reading too", bytes / 1e6 / max(1e-9, writing + work.readSeconds))
    }
    add("visible after p50, ms", one.latencies.p50Milliseconds ?? 0)
    add("visible after p99, ms", one.latencies.p99Milliseconds ?? 0)
    add("visible after max, ms", one.latencies.maxMilliseconds ?? 0)
    add("checkpoints", Double(one.status.checkpoint))
    add("last checkpoint, ms", one.status.checkpointSeconds * 1e3)
    add("versions of a tablet, most", Double(one.versionsMax))
    add("CPU s per GiB", one.cpuSeconds / gibibytes)
    add("of it reading or making rows", work.readSeconds / gibibytes)
    add("of it transforming", work.transformSeconds / gibibytes)
    add("of it loading", work.writeSeconds / gibibytes)
    add("of it pre-committing", work.precommitSeconds / gibibytes)
    add("memory at most, MiB", Double(one.anonymousBytesMax) / Double(1 << 20))
    add("with mapped files, MiB", Double(one.peakRSSBytes) / Double(1 << 20))
  }
}
