import StorageBase

// Which request starts next. Permits, slots and isolation are those of Apache Doris
// (`olap_server.cpp`, `compaction_permit_limiter.cpp`), each of which a rule may leave out.
extension SchedulingRules {
  /// The kinds that a slot is free for: policies are asked about these. A request of such a kind
  /// may still have to wait.
  public func openKinds(beside running: RunningCompactions) -> Set<CompactionKind> {
    guard running.count < slotCountMax ?? .max else { return [] }
    var kinds: Set<CompactionKind> = []
    for pool in pools where running.count(of: pool.kinds) < pool.slotCount {
      kinds.formUnion(pool.kinds)
    }
    if isLastSlotReserved(beside: running) { kinds.formIntersection([.cumulative]) }
    return kinds
  }

  /// The place of the request that starts now; nil if none may.
  ///
  /// 1. Requests without a slot are passed over: those of a full pool, large ones when all slots
  ///    but those kept for small ones are taken, and base and full ones when the last slot is kept
  ///    for cumulative ones.
  /// 2. First comes what has waited longer than the patience, the oldest first; then base and full
  ///    compaction when its turn has come; then the greatest priority; then the first in the list.
  /// 3. If that one lacks permits, nothing starts until some job has ended: others that need fewer
  ///    would keep it waiting for ever.
  ///
  /// - Parameter machineLoad: runnable threads per processor.
  /// - Complexity: O(requests + running).
  public func next(
    among requests: [CompactionRequest], beside running: RunningCompactions, now: Timestamp,
    machineLoad: Double = 0
  ) -> Int? {
    guard !isThrottled(requests, beside: running, machineLoad: machineLoad) else { return nil }
    let open = openKinds(beside: running)
    let possible = requests.indices.filter {
      open.contains(requests[$0].pick.kind) && hasRoom(for: requests[$0], beside: running)
    }
    let turn = Turn(rules: self, running: running, now: now)
    guard
      let first = possible.min(by: { turn.precedes(requests[$0], requests[$1]) })
    else { return nil }
    return hasPermits(for: requests[first], beside: running) ? first : nil
  }

  private func isLastSlotReserved(beside running: RunningCompactions) -> Bool {
    guard reservesLastSlot, let slotCountMax, running.count == slotCountMax - 1 else {
      return false
    }
    return running.count(of: [.cumulative]) == 0
  }

  public func isLarge(_ request: CompactionRequest) -> Bool {
    largeByteCountMin.map { request.byteCount > $0 } ?? false
  }

  /// Slots of a pool that large jobs may take.
  public func largeSlotCount(of pool: Int) -> Int {
    max(1, slotCount(of: pool) - smallSlotCount)
  }

  private func hasRoom(
    for request: CompactionRequest, beside running: RunningCompactions
  ) -> Bool {
    guard isLarge(request), let pool = pool(of: request.pick.kind) else { return true }
    let large = running.requests.count {
      pools[pool].kinds.contains($0.pick.kind) && isLarge($0)
    }
    return large < largeSlotCount(of: pool)
  }

  private func hasPermits(
    for request: CompactionRequest, beside running: RunningCompactions
  ) -> Bool {
    guard let permitCount else { return true }
    let used = running.score
    return used == 0 || used + request.score <= permitCount
  }

  private func isThrottled(
    _ requests: [CompactionRequest], beside running: RunningCompactions, machineLoad: Double
  ) -> Bool {
    guard let throttle, machineLoad > throttle.machineLoadMax,
      running.count >= throttle.slotCount
    else { return false }
    return requests.allSatisfy { $0.score <= throttle.scoreMax }
  }
}

/// The order of requests at one moment.
private struct Turn {
  let rules: SchedulingRules
  let isCumulativeTurn: Bool
  let now: Timestamp

  init(rules: SchedulingRules, running: RunningCompactions, now: Timestamp) {
    self.rules = rules
    isCumulativeTurn = running.cumulativeRounds < rules.cumulativeRounds
    self.now = now
  }

  func precedes(_ a: CompactionRequest, _ b: CompactionRequest) -> Bool {
    let (isOldA, isOldB) = (isOld(a), isOld(b))
    if isOldA != isOldB { return isOldA }
    if isOldA, a.waitingSince != b.waitingSince { return a.waitingSince < b.waitingSince }
    if rules.cumulativeRounds > 0 {
      let (isDueA, isDueB) = (hasTurn(a), hasTurn(b))
      if isDueA != isDueB { return isDueA }
    }
    switch rules.priority {
    case .urgency: return a.pick.urgency > b.pick.urgency
    case .score: return a.score > b.score
    case .oldest: return a.waitingSince < b.waitingSince
    case .smallest: return a.byteCount < b.byteCount
    }
  }

  private func isOld(_ request: CompactionRequest) -> Bool {
    now.seconds(since: request.waitingSince) > rules.patienceSeconds
  }

  private func hasTurn(_ request: CompactionRequest) -> Bool {
    (request.pick.kind == .cumulative) == isCumulativeTurn
  }
}
