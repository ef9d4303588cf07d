import StorageBase

/// Holds jobs back so that together they read and write no more than the rules allow: a bucket that
/// fills at the bandwidth, and an order of those that wait for it.
///
/// A job asks before every piece of work. Fairly, the one that has had least goes first; greedily,
/// the one that has least left. Whoever does not wait, because it has other things to do, keeps
/// nobody waiting, so no bandwidth is lost.
///
/// A value without clock or threads: the caller lets the time pass.
public struct BandwidthGate: Sendable {
  /// Names a job at the gate.
  public struct Ticket: Hashable, Sendable {
    fileprivate let number: Int
  }

  private struct Job {
    var taken: Double
    var left: Double
    var isWaiting = false
  }

  private let bandwidth: Double
  private let sharing: SchedulingRules.Sharing
  private var jobs: [Ticket: Job] = [:]
  private var ticketCount = 0
  /// Bytes that may be taken now; below zero when more has been.
  private var balance = 0.0
  private var filledAt: Timestamp?
  /// What collects while nobody takes anything.
  private static let burstSeconds = 0.1
  /// How long a job waits that another one goes before.
  private static let turnSeconds = 0.002

  /// - Precondition: the bandwidth of the rules is finite.
  public init(_ rules: SchedulingRules) {
    precondition(rules.bandwidth.isFinite && rules.bandwidth > 0, "there is something to hold back")
    bandwidth = rules.bandwidth
    sharing = rules.sharing
  }

  /// A job comes that will read and write about so many bytes.
  public mutating func enter(byteCount: Int) -> Ticket {
    let ticket = Ticket(number: ticketCount)
    ticketCount += 1
    // What others have had so far gives it no right to as much.
    let taken = jobs.values.map(\.taken).min() ?? 0
    jobs[ticket] = Job(taken: taken, left: Double(byteCount))
    return ticket
  }

  public mutating func leave(_ ticket: Ticket) { jobs[ticket] = nil }

  /// Lets a job go on with its next `byteCount` bytes, or says how many seconds it has to wait
  /// before it asks again; then nothing has been taken.
  /// - Complexity: O(jobs).
  public mutating func take(_ byteCount: Int, for ticket: Ticket, at now: Timestamp) -> Double? {
    guard let job = jobs[ticket] else { return nil }
    fill(at: now)
    let isFirst = jobs.allSatisfy { other, rival in
      other == ticket || !rival.isWaiting || !precedes(rival, job)
    }
    guard isFirst, balance > 0 else {
      jobs[ticket]?.isWaiting = true
      return isFirst ? -balance / bandwidth + 1e-6 : Self.turnSeconds
    }
    balance -= Double(byteCount)
    jobs[ticket]?.taken += Double(byteCount)
    jobs[ticket]?.left -= Double(byteCount)
    jobs[ticket]?.isWaiting = false
    return nil
  }

  private func precedes(_ a: Job, _ b: Job) -> Bool {
    switch sharing {
    case .fair: a.taken < b.taken
    case .greedy: a.left < b.left
    }
  }

  private mutating func fill(at now: Timestamp) {
    // A clock that has been set back begins anew.
    let seconds = filledAt.map { max(0, now.seconds(since: $0)) } ?? 0
    balance = min(balance + seconds * bandwidth, bandwidth * Self.burstSeconds)
    if filledAt == nil { balance = bandwidth * Self.burstSeconds }
    filledAt = now
  }
}
