import StorageBase

/// Decides which operations run when: bounded lines of those that wait, one for each workload
/// group, and fair turns between the groups.
///
/// Within a group the first come is the first served, unless the line has become that of an
/// overload (`WorkloadGroup.newestFirstSeconds`): then the last come is, so that those who are
/// answered at all are answered soon, and the others are refused when their time is over
/// (adaptive LIFO: Maurer, "Fail at Scale", ACM Queue 13(8), 2015). Between groups the next is
/// one of that which has got the least work done for its weight: start-time fair queueing (Goyal,
/// Vin and Cheng, SIGCOMM 1996) with estimated costs, which are put right when an operation ends.
/// A group that had nothing to do saves up no turns. A long operation holds one place of its
/// group and nobody else's: groups whose `concurrencyMax` is below the number of threads leave
/// the others a thread at any time.
///
/// A value without clock and threads: whoever has both asks `next` when a thread is free, and
/// `takeExpired` now and then. Every operation is O(groups) but those that say otherwise. Not
/// thread-safe.
public struct AdmissionQueue<Work> {
  private struct Group {
    let definition: WorkloadGroup
    let memory: MemoryTracker
    /// What its operations are called in errors.
    let operationName: String
    var line = WaitingLine<Work>()
    var runningCount = 0
    /// Work done, and begun, for the weight.
    var pass = 0.0
    var counters = AdmissionCounters()
  }

  private var groups: [Group]
  /// Of all groups together.
  public let memory: MemoryTracker
  private var nextID: UInt64 = 1
  /// The pass of the last operation that began: where a group that wakes up begins.
  private var virtualTime = 0.0
  /// Found to have expired while somebody else was looked for.
  private var expired: [RefusedOperation<Work>] = []

  /// - Parameter memory: what all operations together may hold.
  /// - Throws: `StorageError.invalidArgument` for a group out of range.
  public init(_ groups: [WorkloadGroup], memory: MemoryTracker = MemoryTracker("all operations"))
    throws
  {
    for group in groups { try group.validate() }
    self.memory = memory
    self.groups = groups.map { group in
      Group(
        definition: group,
        memory: MemoryTracker(
          "workload group \(group.name)", byteCountMax: group.memoryByteCountMax, parent: memory),
        operationName: "an operation of workload group \(group.name)")
    }
  }

  /// Of each group, in their order.
  public var counters: [AdmissionCounters] {
    groups.map { group in
      var counters = group.counters
      counters.waitingCount = group.line.count
      counters.runningCount = group.runningCount
      counters.memoryByteCount = group.memory.byteCount
      return counters
    }
  }

  public var waitingCount: Int { groups.reduce(0) { $0 + $1.line.count } }
  public var runningCount: Int { groups.reduce(0) { $0 + $1.runningCount } }

  /// Puts an operation in line.
  /// - Throws: why it may not even wait: the line is full, or it needs more memory than there will
  ///   ever be.
  public mutating func submit(
    _ work: Work, _ request: AdmissionRequest, at now: Timestamp
  ) throws(AdmissionRefusal) -> OperationID {
    let definition = groups[request.group].definition
    groups[request.group].counters.submittedCount += 1
    let byteCountMax = min(definition.memoryByteCountMax, memory.byteCountMax)
    if request.byteCount > byteCountMax {
      groups[request.group].counters.refusedForMemoryCount += 1
      throw .memoryExceeded(
        owner: groups[request.group].operationName, byteCount: request.byteCount,
        limit: byteCountMax)
    }
    let count = groups[request.group].line.count
    // With a free place nobody has to wait.
    let waitsNot = groups[request.group].runningCount < definition.concurrencyMax && count == 0
    guard count < definition.queueCountMax || waitsNot else {
      groups[request.group].counters.refusedForQueueCount += 1
      throw .queueFull(group: definition.name, count: count, limit: definition.queueCountMax)
    }
    let id = OperationID(rawValue: nextID)
    nextID += 1
    if count == 0 { groups[request.group].pass = max(groups[request.group].pass, virtualTime) }
    let patience = now.advanced(bySeconds: definition.queueSecondsMax)
    groups[request.group].line.append(
      .init(
        id: id, work: work, request: request, queuedAt: now,
        expiresAt: request.deadline.map { min($0, patience) } ?? patience))
    groups[request.group].counters.waitingCountMax = max(
      groups[request.group].counters.waitingCountMax, count + 1)
    return id
  }

  /// The operation whose turn it is, which counts as running from now on; nil when none can begin.
  /// - Parameter allowed: the positions of the groups that the caller serves; all when nil.
  public mutating func next(
    at now: Timestamp, of allowed: Range<Int>? = nil
  ) -> AdmittedOperation<Work>? {
    let candidates = (allowed ?? groups.indices).sorted { groups[$0].pass < groups[$1].pass }
    for index in candidates {
      guard groups[index].runningCount < groups[index].definition.concurrencyMax,
        let (place, isNewest) = candidate(of: index, at: now)
      else { continue }
      let memory = MemoryTracker(groups[index].operationName, parent: groups[index].memory)
      // Others give back what they hold; it waits for that, and keeps its place.
      do { try memory.consume(place.request.byteCount) } catch { continue }
      _ = isNewest ? groups[index].line.takeBack() : groups[index].line.takeFront()
      groups[index].runningCount += 1
      groups[index].counters.admittedCount += 1
      groups[index].counters.waitedSeconds += now.seconds(since: place.queuedAt)
      virtualTime = max(virtualTime, groups[index].pass)
      groups[index].pass += place.request.cost / Double(groups[index].definition.weight)
      return AdmittedOperation(
        id: place.id, work: place.work, request: place.request, queuedAt: place.queuedAt,
        memory: memory)
    }
    return nil
  }

  /// Ends an operation that `next` has given out.
  /// - Parameter cost: what it has really cost; the estimate counts when nil.
  public mutating func finish(_ operation: AdmittedOperation<Work>, cost: Double? = nil) {
    let index = operation.request.group
    precondition(groups[index].runningCount > 0, "an operation ends once")
    groups[index].runningCount -= 1
    groups[index].counters.finishedCount += 1
    if let cost {
      groups[index].pass +=
        (cost - operation.request.cost) / Double(groups[index].definition.weight)
    }
  }

  /// Takes out one that waits; nil when it does not: it may be running, and whoever runs it has its
  /// token. Linear in those that wait.
  public mutating func cancel(_ id: OperationID) -> RefusedOperation<Work>? {
    for index in groups.indices {
      guard let place = groups[index].line.take(id) else { continue }
      groups[index].counters.cancelledCount += 1
      return RefusedOperation(
        id: id, work: place.work, queuedAt: place.queuedAt,
        reason: .cancelled(group: groups[index].definition.name))
    }
    return nil
  }

  /// Takes out those that have waited too long. Linear in those that wait when there are any, else
  /// O(groups).
  public mutating func takeExpired(at now: Timestamp) -> [RefusedOperation<Work>] {
    for index in groups.indices {
      for place in groups[index].line.takeExpired(at: now) { expire(place, of: index, at: now) }
    }
    defer { expired.removeAll() }
    return expired
  }

  /// Whose turn it is within a group, and whether that is the newest; those before it that have
  /// expired are taken out.
  private mutating func candidate(
    of index: Int, at now: Timestamp
  ) -> (WaitingLine<Work>.Place, isNewest: Bool)? {
    while let front = groups[index].line.front, front.expiresAt <= now {
      _ = groups[index].line.takeFront()
      expire(front, of: index, at: now)
    }
    guard let front = groups[index].line.front else { return nil }
    let patience = groups[index].definition.newestFirstSeconds
    guard now.seconds(since: front.queuedAt) >= patience else { return (front, false) }
    while let back = groups[index].line.back, back.expiresAt <= now {
      _ = groups[index].line.takeBack()
      expire(back, of: index, at: now)
    }
    return groups[index].line.back.map { ($0, true) }
  }

  private mutating func expire(
    _ place: WaitingLine<Work>.Place, of index: Int, at now: Timestamp
  ) {
    let definition = groups[index].definition
    groups[index].counters.refusedForTimeCount += 1
    let waited = now.seconds(since: place.queuedAt)
    let reason: AdmissionRefusal
    if let deadline = place.request.deadline, deadline <= place.expiresAt {
      reason = .deadlinePassed(
        group: definition.name, seconds: waited, limit: deadline.seconds(since: place.queuedAt))
    } else {
      reason = .waitedTooLong(
        group: definition.name, seconds: waited, limit: definition.queueSecondsMax)
    }
    expired.append(
      RefusedOperation(id: place.id, work: place.work, queuedAt: place.queuedAt, reason: reason))
  }
}

/// What has become of the operations of a workload group so far, and how it stands.
public struct AdmissionCounters: Hashable, Sendable {
  public var submittedCount = 0
  public var admittedCount = 0
  public var finishedCount = 0
  public var refusedForQueueCount = 0
  public var refusedForTimeCount = 0
  public var refusedForMemoryCount = 0
  public var cancelledCount = 0
  /// Over all admitted.
  public var waitedSeconds = 0.0
  public var waitingCount = 0
  public var waitingCountMax = 0
  public var runningCount = 0
  public var memoryByteCount = 0

  public var refusedCount: Int {
    refusedForQueueCount + refusedForTimeCount + refusedForMemoryCount
  }
}
