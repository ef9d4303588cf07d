import StorageBase

/// One load from its beginning to its end: what is known of it besides its rows. A value; each
/// step either fits the state or leaves it as it was and throws.
public struct Transaction: Hashable, Sendable {
  public let id: TransactionID
  /// Given by the client so that a load that is sent again is recognised; may be empty.
  public let label: String
  public let startedAt: Timestamp
  public private(set) var state: TransactionState
  /// When it came into its state.
  public private(set) var changedAt: Timestamp
  /// When it is aborted if nothing has happened by then; nil once that cannot be.
  public private(set) var deadline: Timestamp?
  /// Its place in the order of all commits of the store; 0 until it is committed.
  public private(set) var sequence: UInt64
  /// Empty unless it is aborted.
  public private(set) var abortReason: String
  /// Whether it has been pre-committed, so that clients may ask for it by its id later.
  public private(set) var isTwoPhase: Bool

  /// A transaction whose rows begin to arrive.
  public init(id: TransactionID, label: String, startedAt: Timestamp, deadline: Timestamp?) {
    self.init(
      id: id, label: label, startedAt: startedAt, state: .prepare, changedAt: startedAt,
      deadline: deadline, sequence: 0, abortReason: "", isTwoPhase: false)
  }

  /// One that was written down.
  public init(
    id: TransactionID, label: String, startedAt: Timestamp, state: TransactionState,
    changedAt: Timestamp, deadline: Timestamp?, sequence: UInt64, abortReason: String,
    isTwoPhase: Bool
  ) {
    self.id = id
    self.label = label
    self.startedAt = startedAt
    self.state = state
    self.changedAt = changedAt
    self.deadline = deadline
    self.sequence = sequence
    self.abortReason = abortReason
    self.isTwoPhase = isTwoPhase
  }

  /// Its rows have become durable, and it waits for the decision until `deadline`.
  public mutating func precommit(at now: Timestamp, deadline: Timestamp) throws(TransactionError) {
    try requireRunning()
    guard state == .prepare else { return }
    state = .precommitted
    changedAt = now
    self.deadline = deadline
    isTwoPhase = true
  }

  /// A load of one phase becomes visible.
  public mutating func commitInOnePhase(
    sequence: UInt64, at now: Timestamp
  ) throws(TransactionError) {
    try requireRunning()
    guard state == .prepare else { throw .notPrecommitted(id, state) }
    finish(.visible, at: now)
    self.sequence = sequence
  }

  /// What was pre-committed becomes visible. Nothing changes when it has been already.
  public mutating func commit(sequence: UInt64, at now: Timestamp) throws(TransactionError) {
    switch state {
    case .prepare: throw .notPrecommitted(id, state)
    case .aborted: throw .aborted(id, reason: abortReason)
    case .committed, .visible: return
    case .precommitted:
      finish(.visible, at: now)
      self.sequence = sequence
    }
  }

  /// It never happened. Nothing changes when it has been aborted already.
  public mutating func abort(because reason: String, at now: Timestamp) throws(TransactionError) {
    switch state {
    case .committed, .visible: throw .notAbortable(id, state)
    case .aborted: return
    case .prepare, .precommitted:
      finish(.aborted, at: now)
      abortReason = reason
    }
  }

  private mutating func finish(_ state: TransactionState, at now: Timestamp) {
    self.state = state
    changedAt = now
    deadline = nil
  }

  /// - Throws: when it has ended.
  public func requireRunning() throws(TransactionError) {
    switch state {
    case .prepare, .precommitted: return
    case .aborted: throw .aborted(id, reason: abortReason)
    case .committed, .visible: throw .notPrecommitted(id, state)
    }
  }
}
