/// What has lately come to a tablet, as a `TrafficMeter` has seen it.
public struct TabletTraffic: Hashable, Sendable, Codable {
  public var loadsPerSecond: Double
  /// Mean size of these loads; 0 if there were none.
  public var bytesPerLoad: Double
  /// Queries that read the tablet.
  public var queriesPerSecond: Double
  /// Nil where nobody has measured them.
  public var costs: WorkCosts?

  public init(
    loadsPerSecond: Double, bytesPerLoad: Double, queriesPerSecond: Double,
    costs: WorkCosts? = nil
  ) {
    self.loadsPerSecond = loadsPerSecond
    self.bytesPerLoad = bytesPerLoad
    self.queriesPerSecond = queriesPerSecond
    self.costs = costs
  }
}
