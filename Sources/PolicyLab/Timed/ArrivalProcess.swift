import StorageBase

/// When loads are due.
public enum ArrivalProcess: Hashable, Sendable {
  /// One after the other, equally far apart.
  case constant(perSecond: Double)
  /// Independent of each other: intervals are exponential.
  case poisson(perSecond: Double)
  /// Poisson arrivals at this rate for a while, then none for a while, and so on.
  case bursty(perSecond: Double, onSeconds: Double, offSeconds: Double)
  /// Poisson arrivals at one rate up to some second, then at another.
  case shift(perSecond: Double, thenPerSecond: Double, atSeconds: Double)
  /// As recorded: seconds in rising order. After the last one there are no more loads.
  case trace([Double])
  /// Whenever a writer is free: what the system can take at most.
  case closed
}

/// The arrivals of one run.
struct ArrivalClock {
  private let process: ArrivalProcess
  private var random: SeededGenerator
  /// Seconds so far, those between bursts left out.
  private var busySeconds = 0.0
  private var count = 0

  init(_ process: ArrivalProcess, random: SeededGenerator) {
    self.process = process
    self.random = random
  }

  /// When the next load is due, in seconds from the start; nil if there is none.
  mutating func next() -> Double? {
    defer { count += 1 }
    switch process {
    case .constant(let perSecond): return Double(count + 1) / perSecond
    case .poisson(let perSecond):
      busySeconds += exponentialInterval / perSecond
      return busySeconds
    case .bursty(let perSecond, let on, let off):
      busySeconds += exponentialInterval / perSecond
      let bursts = (busySeconds / on).rounded(.down)
      return busySeconds + bursts * off
    case .shift(let rate, let then, let at):
      // Time in which the first rate would have brought as much.
      busySeconds += exponentialInterval / rate
      return busySeconds <= at ? busySeconds : at + (busySeconds - at) * rate / then
    case .trace(let times): return count < times.count ? times[count] : nil
    case .closed: return 0
    }
  }

  /// With mean 1.
  private var exponentialInterval: Double {
    mutating get { -naturalLogarithm(1 - random.nextUnit()) }
  }
}
