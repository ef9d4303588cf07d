/// What work on a tablet costs, in seconds of a processor: what a policy needs in order to weigh
/// merging against reading.
public struct WorkCosts: Hashable, Sendable, Codable {
  /// A merge, beside its bytes.
  public var secondsPerMerge: Double
  /// For each byte of the inputs of a merge.
  public var secondsPerByteMerged: Double
  /// How long a merge takes for each second of a processor that it uses: the rest is waiting for
  /// disks.
  public var elapsedPerProcessorSecond: Double
  /// What a query pays for each component of a tablet it reads.
  public var secondsPerComponentRead: Double

  /// - Precondition: none is negative.
  public init(
    secondsPerMerge: Double, secondsPerByteMerged: Double, elapsedPerProcessorSecond: Double = 1,
    secondsPerComponentRead: Double
  ) {
    precondition(
      secondsPerMerge >= 0 && secondsPerByteMerged >= 0 && secondsPerComponentRead >= 0,
      "work takes no negative time")
    self.secondsPerMerge = secondsPerMerge
    self.secondsPerByteMerged = secondsPerByteMerged
    self.elapsedPerProcessorSecond = elapsedPerProcessorSecond
    self.secondsPerComponentRead = secondsPerComponentRead
  }
}
