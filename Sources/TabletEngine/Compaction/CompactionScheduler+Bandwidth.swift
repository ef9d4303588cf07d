import StorageBase
import Synchronization
import TabletModel

// How jobs keep to the bandwidth of the rules.
extension CompactionScheduler {
  /// What a job takes from the bandwidth each time it asks whether to go on.
  struct Pace {
    let ticket: BandwidthGate.Ticket
    let pageByteCount: Int
  }

  /// Nil when there is no limit.
  func enterGate(_ claim: Claim) -> Pace? {
    // A merge reads its inputs and writes about as much.
    let byteCount = 2 * claim.request.byteCount
    let ticket = state.withLock { $0.gate?.enter(byteCount: byteCount) }
    return ticket.map {
      Pace(ticket: $0, pageByteCount: byteCount / max(1, claim.job.pageCount))
    }
  }

  func leaveGate(_ pace: Pace?) {
    guard let pace else { return }
    state.withLock { $0.gate?.leave(pace.ticket) }
  }

  /// Returns when a job may go on with its next page. The clock of the store lets the time pass:
  /// in a simulation that is no time at all.
  func waitForBandwidth(_ pace: Pace, giveUp: () -> Bool) {
    while !giveUp() {
      let now = store.clock.now()
      let wait = state.withLock {
        $0.gate?.take(pace.pageByteCount, for: pace.ticket, at: now)
      }
      guard let wait else { return }
      store.clock.pause(seconds: min(wait, Self.pauseSecondsMax))
    }
  }

  /// So that a cancelled job ends soon.
  private static let pauseSecondsMax = 0.05
}
