/// What has lately come to a tablet, as a `TrafficMeter` has seen it.
public struct TabletTraffic: Hashable, Sendable, Codable {
  public var loadsPerSecond: Double
  /// Mean size of these loads; 0 if there were none.
  public var bytesPerLoad: Double
  /// Queries that read the tablet.
  public var queriesPerSecond: Double
  /// Since the last load; 0 if there was none.
  public var secondsSinceLoad: Double
  /// Tablets that share a slot for merges: how many wait while a merge of one of them runs.
  public var tabletsPerSlot: Double
  /// Rowsets at which loads are refused; nil if they never are.
  public var versionLimit: Int?
  /// Nil where nobody has measured them.
  public var costs: WorkCosts?

  public init(
    loadsPerSecond: Double, bytesPerLoad: Double, queriesPerSecond: Double,
    secondsSinceLoad: Double = 0, tabletsPerSlot: Double = 1, versionLimit: Int? = nil,
    costs: WorkCosts? = nil
  ) {
    self.loadsPerSecond = loadsPerSecond
    self.bytesPerLoad = bytesPerLoad
    self.queriesPerSecond = queriesPerSecond
    self.secondsSinceLoad = secondsSinceLoad
    self.tabletsPerSlot = tabletsPerSlot
    self.versionLimit = versionLimit
    self.costs = costs
  }
}
