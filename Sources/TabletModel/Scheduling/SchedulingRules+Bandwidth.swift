/// What a running job asks of the machine.
public struct JobDemand: Hashable, Sendable {
  /// What it reads and writes in a second on its own.
  public var bytesPerSecond: Double
  /// Left to do if it had the machine to itself.
  public var secondsLeft: Double

  public init(bytesPerSecond: Double, secondsLeft: Double) {
    self.bytesPerSecond = bytesPerSecond
    self.secondsLeft = secondsLeft
  }
}

extension SchedulingRules {
  /// How fast each job goes, from 0 to 1, where 1 is as fast as on its own and 0 means that it
  /// pauses.
  ///
  /// - Parameter limit: bytes per second that the machine has; the rules may allow less.
  public func rates(of jobs: [JobDemand], limit: Double) -> [Double] {
    let bandwidth = min(bandwidth, limit)
    guard bandwidth.isFinite else { return jobs.map { _ in 1 } }
    switch sharing {
    case .fair:
      let demand = jobs.reduce(0) { $0 + $1.bytesPerSecond }
      return jobs.map { _ in demand > bandwidth ? bandwidth / demand : 1 }
    case .greedy:
      var rates = jobs.map { _ in 1.0 }
      var left = bandwidth
      for place in jobs.indices.sorted(by: { jobs[$0].secondsLeft < jobs[$1].secondsLeft }) {
        let demand = jobs[place].bytesPerSecond
        if demand > 0 { rates[place] = min(1, max(0, left) / demand) }
        left -= demand * rates[place]
      }
      return rates
    }
  }
}
