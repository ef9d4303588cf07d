/// The straight line through points with the least sum of squared distances, neither coefficient
/// below zero.
public struct LinearFit: Hashable, Sendable {
  public let intercept: Double
  public let slope: Double
  public let pointCount: Int

  /// - Returns: nil without points, or if all have the same x and that is 0.
  public init?(_ points: [(x: Double, y: Double)]) {
    guard !points.isEmpty else { return nil }
    let n = Double(points.count)
    let meanX = points.reduce(0) { $0 + $1.x } / n
    let meanY = points.reduce(0) { $0 + $1.y } / n
    let xx = points.reduce(0) { $0 + ($1.x - meanX) * ($1.x - meanX) }
    let xy = points.reduce(0) { $0 + ($1.x - meanX) * ($1.y - meanY) }
    let squares = points.reduce(0) { $0 + $1.x * $1.x }
    guard squares > 0 else { return nil }
    pointCount = points.count
    let free = xx > 0 ? xy / xx : 0
    if xx == 0 || meanY - free * meanX < 0 {
      // Through the origin.
      intercept = 0
      slope = max(0, points.reduce(0) { $0 + $1.x * $1.y } / squares)
    } else if free < 0 {
      intercept = max(0, meanY)
      slope = 0
    } else {
      intercept = meanY - free * meanX
      slope = free
    }
  }

  public func value(_ x: Double) -> Double { intercept + slope * x }
}
