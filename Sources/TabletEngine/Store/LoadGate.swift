import StorageBase
import Synchronization
import TabletModel

/// How often, and for how long, loads were held back since the store was opened.
public struct SlowingTotals: Hashable, Sendable {
  /// Loads that had to wait, those included that were refused in the end.
  public var loadCount = 0
  /// Over all loads.
  public var seconds = 0.0
  public var longestSeconds = 0.0
  /// Loads refused because a tablet had too many versions.
  public var refusedCount = 0
}

/// How far the versions of a tablet have piled up.
struct VersionPile: Hashable, Sendable {
  let versionCount: Int
  let newest: Version
}

/// Where loads wait before they enter the commit queue when versions have piled up on their
/// tablets. Nobody holds a lock while waiting. Thread-safe.
final class LoadGate: Sendable {
  let policy: BackPressure
  private let limit: Int
  private let clock: any TimeSource
  /// Of tablets on which loads were slowed.
  private let lines = Mutex<[TabletID: LoadLine]>([:])
  private let noted = Mutex(SlowingTotals())
  /// Seconds until a load that was let through and found no room tries again.
  private static let retrySeconds = 0.02

  init(policy: BackPressure, versionCountMax: Int, clock: any TimeSource) {
    self.policy = policy
    limit = versionCountMax
    self.clock = clock
  }

  var totals: SlowingTotals { noted.withLock { $0 } }

  /// Whether a tablet with that many versions takes no further load.
  func isFull(versionCount: Int) -> Bool {
    policy.isFull(versionCount: versionCount, limit: limit)
  }

  /// Runs `body` once the tablets can take a load, again if one was full after all, and returns
  /// what it returns and the seconds waited.
  ///
  /// - Parameters:
  ///   - piles: by tablet, what there is now.
  ///   - body: enters the commit queue.
  /// - Throws: what `body` throws; when that is `StorageError.tooManyVersions`, only after the load
  ///   has waited as long as the policy lets it.
  func passing<Result>(
    _ tablets: [TabletID], piles: () -> [VersionPile], into body: () throws -> Result
  ) throws -> (result: Result, waitedSeconds: Double) {
    var wait: LoadWait?
    while true {
      let isExhausted = hold(tablets, &wait, piles)
      let waited = wait?.waitedSeconds ?? 0
      do {
        let result = try body()
        note(waited, isRefused: false)
        return (result, waited)
      } catch let error as StorageError {
        guard case .tooManyVersions = error else { throw error }
        // Others may have been faster, or loads that are pre-committed have the last places, which
        // the gate does not see: then there is time left to wait.
        if isExhausted || waited >= policy.patienceSeconds {
          note(waited, isRefused: true)
          throw error
        }
        let seconds = min(Self.retrySeconds, policy.patienceSeconds - waited)
        clock.pause(seconds: seconds)
        wait = wait ?? LoadWait(ahead: tablets.map { _ in 0 })
        wait?.pass(seconds: seconds, pressures(tablets, piles()))
      }
    }
  }

  /// Waits for the turn of a load. True when it has waited in vain.
  private func hold(
    _ tablets: [TabletID], _ wait: inout LoadWait?, _ piles: () -> [VersionPile]
  ) -> Bool {
    guard case .smooth = policy else { return true }
    var pressures = pressures(tablets, piles())
    if wait == nil {
      guard pressures.contains(where: { $0.intervalSeconds > 0 }) else { return false }
      wait = LoadWait(ahead: join(tablets, pressures))
    }
    guard var waiting = wait else { return false }
    defer { wait = waiting }
    while true {
      switch waiting.step(pressures, patienceSeconds: policy.patienceSeconds) {
      case .pause(let seconds):
        clock.pause(seconds: seconds)
        waiting.pass(seconds: seconds, pressures)
        pressures = self.pressures(tablets, piles())
      case .proceed:
        leave(waiting.unfinished.map { tablets[$0] })
        waiting.endWaiting()
        return false
      case .giveUp:
        leave(tablets)
        waiting.endWaiting()
        return true
      }
    }
  }

  private func pressures(
    _ tablets: [TabletID], _ piles: [VersionPile]
  ) -> [LoadWait.Pressure] {
    zip(tablets, piles).map { tablet, pile in
      var pressure = LoadWait.Pressure(
        intervalSeconds: policy.intervalSeconds(versionCount: pile.versionCount, limit: limit))
      if isFull(versionCount: pile.versionCount) {
        let now = clock.now()
        pressure.fullSeconds = lines.withLock {
          $0[tablet, default: LoadLine(at: now)].fullSeconds(at: now, newest: pile.newest)
        }
      }
      return pressure
    }
  }

  private func join(_ tablets: [TabletID], _ pressures: [LoadWait.Pressure]) -> [Double] {
    let now = clock.now()
    return lines.withLock { lines in
      zip(tablets, pressures).map { tablet, pressure in
        lines[tablet, default: LoadLine(at: now)]
          .join(at: now, intervalSeconds: pressure.intervalSeconds)
      }
    }
  }

  private func leave(_ tablets: [TabletID]) {
    guard !tablets.isEmpty else { return }
    lines.withLock { lines in
      for tablet in tablets { lines[tablet]?.leave() }
    }
  }

  private func note(_ seconds: Double, isRefused: Bool) {
    guard seconds > 0 || isRefused else { return }
    noted.withLock { totals in
      totals.refusedCount += isRefused ? 1 : 0
      guard seconds > 0 else { return }
      totals.loadCount += 1
      totals.seconds += seconds
      totals.longestSeconds = max(totals.longestSeconds, seconds)
    }
  }
}
