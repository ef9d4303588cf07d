import StorageBase
import Synchronization
import TabletModel

// Which thread asks the policy, and when.
extension CompactionScheduler {
  /// Lets the policy be asked if there is a free slot and something to look at.
  func wake(byLoad: Bool = false) {
    let now = store.clock.now()
    let pool = state.withLock { state -> Int? in
      state.wakeCount += 1
      if byLoad && state.rest != nil { return nil }
      guard state.hasQuestions(now) else { return nil }
      state.rest = nil
      // Where a slot is free a thread is.
      let kinds = rules.openKinds(beside: state.running)
      let pool = rules.pools.firstIndex { !$0.kinds.isDisjoint(with: kinds) }
      state.isChoosing = pool != nil
      return pool
    }
    if let pool { executors[pool].submit { self.choose() } }
  }

  /// Hands out jobs until none may start.
  private func choose() {
    repeat {
      var hasHandedOut = false
      while let claim = claim() {
        guard let pool = rules.pool(of: claim.job.pick.kind) else { continue }
        executors[pool].submit { self.run(claim) }
        hasHandedOut = true
      }
      // The job may be for this thread.
      if hasHandedOut { return }
    } while hasQuestionsAfterRest()
  }

  /// Lets a moment pass, and says whether there is something to ask the policy then, for which the
  /// calling thread is entered as the one that asks.
  ///
  /// Loads come thousands of times a second, and to wake a thread for each costs the load more
  /// than the question costs the thread.
  private func hasQuestionsAfterRest() -> Bool {
    guard restSeconds > 0 else { return false }
    let rest = state.withLock { state -> UInt64? in
      guard !state.isStopped, !state.isChoosing, state.rest == nil else { return nil }
      state.restCount += 1
      state.rest = state.restCount
      return state.rest
    }
    guard let rest else { return false }
    store.clock.pause(seconds: restSeconds)
    let now = store.clock.now()
    return state.withLock { state in
      // Whoever has ended the rest asks the policy.
      guard state.rest == rest else { return false }
      state.rest = nil
      state.isChoosing =
        state.hasQuestions(now) && !rules.openKinds(beside: state.running).isEmpty
      return state.isChoosing
    }
  }

  /// A rest that nobody notices beside the merges that follow.
  public static let threadRestSeconds = 0.001
}

extension CompactionScheduler.State {
  /// Whether there is something to ask the policy, and nobody does.
  func hasQuestions(_ now: Timestamp) -> Bool {
    !isStopped && !isChoosing && pending.values.contains { !$0.isWaiting(now) }
  }
}
