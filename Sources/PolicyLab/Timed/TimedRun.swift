/// What a policy and a scheduler cost against the clock. Seconds are virtual.
public struct TimedRun: Hashable, Sendable {
  public internal(set) var loadCount = 0
  public internal(set) var rejectedCount = 0
  public internal(set) var loadedByteCount = 0
  /// Until the last load had been published; then nothing more is counted but what follows.
  public internal(set) var seconds = 0.0
  public internal(set) var mergeCount = 0
  public internal(set) var mergeReadByteCount = 0
  public internal(set) var mergeWrittenByteCount = 0
  public internal(set) var mergeProcessorSeconds = 0.0
  /// What queries took while loads came.
  public internal(set) var querySeconds = 0.0
  public internal(set) var queryCount = 0.0
  /// From when a load was due until it could be read.
  public internal(set) var loadSeconds = WeightedQuantiles()
  /// Components of a tablet, weighted by time.
  public internal(set) var components = WeightedQuantiles()
  public internal(set) var versionMax = 0
  /// Components of all tablets at the end of the loads.
  public internal(set) var componentFinal = 0
  /// Times a writer was held back by the number of versions.
  public internal(set) var stallCount = 0
  public internal(set) var stallSeconds = 0.0
  public internal(set) var stallLongestSeconds = 0.0
  /// Bytes of rowsets and of what merges are writing, at the worst moment.
  public internal(set) var peakByteCount = 0
  /// Bytes at the end of the loads against those of a full compaction.
  public internal(set) var spaceAmplification = 1.0
  /// Bytes that were still to be written when the loads ended, until the policy rests.
  public internal(set) var debtByteCount = 0
  /// What each tablet got, by which the least that could have been written is found.
  public internal(set) var tabletLoads: [TabletLoads] = []
  /// Seconds from the end of the loads until no merge could be started any more, and what merges
  /// wrote in them.
  public internal(set) var quiesceSeconds = 0.0
  public internal(set) var quiesceWrittenByteCount = 0

  init() {}

  /// What the policy cost while loads came: merges and queries, in seconds of a processor.
  public var costSeconds: Double { mergeProcessorSeconds + querySeconds }

  /// Bytes written per byte loaded until the end of the loads, the load included.
  public var writeAmplification: Double {
    loadedByteCount == 0 ? 1 : 1 + Double(mergeWrittenByteCount) / Double(loadedByteCount)
  }

  /// The same with what was still written afterwards: bursts do not hide what they put off.
  public var settledWriteAmplification: Double {
    guard loadedByteCount > 0 else { return 1 }
    let written = mergeWrittenByteCount + quiesceWrittenByteCount
    return 1 + Double(written) / Double(loadedByteCount)
  }
}
