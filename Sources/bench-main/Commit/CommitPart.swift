import ArgumentParser

/// The parts of `bench commit`; each takes one round of its figures at a time, so that what is
/// compared meets the same moods of the machine.
enum CommitPart: String, CaseIterable, ExpressibleByArgument {
  /// A durable commit beside an append and sync of as many bytes.
  case append
  /// One client, one load after the other.
  case oneWriter = "one-writer"
  /// 64 clients, inline and with a file per load.
  case manyWriters = "many-writers"
  /// 30 clients on one tablet, with compaction.
  case visible
  /// Opening a store.
  case recovery

  func measure(_ bed: CommitBed, into findings: inout CommitFindings) throws {
    switch self {
    case .append: try bed.measureAppend(into: &findings)
    case .oneWriter: try bed.measureOneWriter(into: &findings)
    case .manyWriters: try bed.measureManyWriters(into: &findings)
    case .visible: try bed.measureVisible(into: &findings)
    case .recovery: try bed.measureRecovery(into: &findings)
    }
  }
}
