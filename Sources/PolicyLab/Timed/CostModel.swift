import TabletModel

/// What things take, in seconds of virtual time.
public struct CostModel: Hashable, Sendable {
  /// A load: a fixed time, and one that grows with its bytes.
  public var secondsPerLoad = 0.005
  public var loadBytesPerSecond = 200.0 * Double(1 << 20)
  /// A merge on its own: a fixed time, then bytes read and written, then the processor.
  public var secondsPerMerge = 0.010
  /// What else a merge takes whatever its size, while no processor works for it.
  public var secondsWaitedPerMerge = 0.0
  /// What passes from when its output can be read until its slot can be used again.
  public var secondsAfterMerge = 0.0
  public var readBytesPerSecond = 1000.0 * Double(1 << 20)
  public var writeBytesPerSecond = 400.0 * Double(1 << 20)
  public var processorBytesPerSecond = 200.0 * Double(1 << 20)
  /// Bytes per second that all merges together may read and write; infinite for no limit.
  public var bandwidth = Double.infinity
  /// A query: a fixed time, and one for each component of its tablet.
  public var secondsPerQuery = 0.001
  public var secondsPerComponent = 0.0005

  public init() {}

  /// Where nothing takes any time, as in the canonical model.
  public static var free: CostModel {
    var costs = CostModel()
    costs.secondsPerLoad = 0
    costs.loadBytesPerSecond = .infinity
    costs.secondsPerMerge = 0
    costs.readBytesPerSecond = .infinity
    costs.writeBytesPerSecond = .infinity
    costs.processorBytesPerSecond = .infinity
    return costs
  }

  func loadSeconds(byteCount: Int) -> Double {
    secondsPerLoad + Double(byteCount) / loadBytesPerSecond
  }

  /// What a merge takes of a processor: the fixed time, and that for its bytes.
  func processorSeconds(mergingByteCount byteCount: Int) -> Double {
    secondsPerMerge + Double(byteCount) / processorBytesPerSecond
  }

  /// What policies are told of it.
  public var work: WorkCosts {
    let processor = 1 / processorBytesPerSecond
    let elapsed = processor + 1 / readBytesPerSecond + 1 / writeBytesPerSecond
    return WorkCosts(
      secondsPerMerge: secondsPerMerge, secondsPerByteMerged: processor,
      elapsedPerProcessorSecond: processor > 0 ? elapsed / processor : 1,
      secondsPerComponentRead: secondsPerComponent)
  }

  /// A merge that has the machine to itself.
  func mergeSeconds(readByteCount: Int, writtenByteCount: Int) -> Double {
    secondsWaitedPerMerge + Double(readByteCount) / readBytesPerSecond
      + Double(writtenByteCount) / writeBytesPerSecond
      + processorSeconds(mergingByteCount: readByteCount)
  }

  /// A query of a tablet with so many components.
  public func querySeconds(componentCount: Int) -> Double {
    secondsPerQuery + secondsPerComponent * Double(componentCount)
  }
}
