import StorageBase

/// All transactions of a store that anybody may ask about, and the labels they hold. Pure: time
/// comes in as a parameter. A value; every operation is O(1) but `due` and those on all.
///
/// A label belongs to at most one transaction that is not aborted. Ended transactions that a client
/// can name (by a label, or by the id of a pre-commit) and aborted ones are remembered for a while;
/// others are forgotten when they end.
public struct TransactionBook: Sendable {
  /// How long what has ended is remembered.
  public struct Retention: Hashable, Sendable {
    public var seconds: Double
    /// Beyond this many the oldest are forgotten before their time, so that neither memory nor
    /// checkpoints grow without bound (`label_num_threshold` of Apache Doris).
    public var countMax: Int

    public init(seconds: Double, countMax: Int) {
      self.seconds = seconds
      self.countMax = countMax
    }
  }

  private var transactions: [TransactionID: Transaction] = [:]
  /// By label, the newest transaction that had it.
  private var labels: [String: TransactionID] = [:]
  /// Those that have not ended.
  private var running: Set<TransactionID> = []
  /// Those that have ended, oldest first, from `firstEnded` on.
  private var endedIDs: [TransactionID] = []
  private var firstEnded = 0
  /// Those that ended before them.
  private var droppedCount = 0
  /// The id that the next transaction gets.
  public private(set) var nextID: TransactionID
  /// Ids from here on have not been set aside durably, and must not be given out.
  public private(set) var reservedEnd: TransactionID

  public init(reservedEnd: TransactionID = TransactionID(rawValue: 1)) {
    nextID = reservedEnd
    self.reservedEnd = reservedEnd
  }

  public var runningCount: Int { running.count }
  public var endedCount: Int { endedIDs.count - firstEnded }

  public subscript(id: TransactionID) -> Transaction? { transactions[id] }

  /// The newest transaction with this label.
  public func transaction(label: String) -> Transaction? {
    labels[label].flatMap { transactions[$0] }
  }

  /// Those that have ended and are remembered, oldest first.
  public var ended: [Transaction] { ended(everEnded) }

  /// Those that have ended, counted from the first that there ever was, as far as they are
  /// remembered: the count goes on while the oldest are forgotten.
  public var everEnded: Range<Int> { droppedCount + firstEnded..<droppedCount + endedIDs.count }

  /// Some of those that have ended, by their place in `everEnded`; what is forgotten is left out.
  public func ended(_ places: Range<Int>) -> [Transaction] {
    let known = places.clamped(to: everEnded)
    return endedIDs[known.lowerBound - droppedCount..<known.upperBound - droppedCount]
      .compactMap { transactions[$0] }
  }

  /// Running ones first, then those that have ended, each by id.
  public var all: [Transaction] {
    transactions.values.sorted { a, b in
      a.state.isFinal == b.state.isFinal ? a.id < b.id : b.state.isFinal
    }
  }

  /// Whether ids have to be set aside before another transaction can begin.
  public var needsReservation: Bool { nextID >= reservedEnd }

  /// Lets ids below `end` be given out; a smaller one changes nothing.
  public mutating func reserve(below end: TransactionID) { reservedEnd = max(reservedEnd, end) }

  /// After a restart: ids below `end` may have been given out before it, and are not again.
  public mutating func startAgain(at end: TransactionID) {
    reservedEnd = max(reservedEnd, end)
    nextID = reservedEnd
  }

  /// Begins a transaction.
  /// - Parameter label: may be empty; an empty one is never in use.
  /// - Precondition: `needsReservation` is false.
  public mutating func begin(
    label: String, at now: Timestamp, deadline: Timestamp?
  ) throws(TransactionError) -> Transaction {
    precondition(!needsReservation)
    if !label.isEmpty, let holder = transaction(label: label), holder.state != .aborted {
      throw .labelInUse(label: label, by: holder.id, state: holder.state)
    }
    guard running.count < Limits.runningTransactionCountMax else {
      throw .tooManyRunning(count: running.count, limit: Limits.runningTransactionCountMax)
    }
    let transaction = Transaction(id: nextID, label: label, startedAt: now, deadline: deadline)
    nextID = TransactionID(rawValue: nextID.rawValue + 1)
    put(transaction)
    return transaction
  }

  /// Enters a transaction as it is now, in place of what was known of it.
  public mutating func put(_ transaction: Transaction) {
    let hadEnded = transactions[transaction.id]?.state.isFinal ?? false
    if transaction.state.isFinal {
      running.remove(transaction.id)
      let isNamed = !transaction.label.isEmpty || transaction.isTwoPhase
      guard isNamed || transaction.state == .aborted else {
        transactions[transaction.id] = nil
        return
      }
      if !hadEnded { endedIDs.append(transaction.id) }
    } else {
      running.insert(transaction.id)
    }
    transactions[transaction.id] = transaction
    guard !transaction.label.isEmpty else { return }
    let holder = labels[transaction.label]
    if holder.map({ $0 <= transaction.id }) ?? true { labels[transaction.label] = transaction.id }
  }

  /// Running transactions whose time is over, by id.
  public func due(at now: Timestamp) -> [Transaction] {
    running.compactMap { transactions[$0] }.filter { $0.deadline.map { $0 <= now } ?? false }
      .sorted { $0.id < $1.id }
  }

  /// When the first of the running ones is due.
  public var nextDeadline: Timestamp? {
    running.lazy.compactMap { transactions[$0]?.deadline }.min()
  }

  /// Forgets what ended before its retention.
  public mutating func forget(_ retention: Retention, at now: Timestamp) {
    let oldest = now.advanced(bySeconds: -retention.seconds)
    while firstEnded < endedIDs.count {
      guard let transaction = transactions[endedIDs[firstEnded]] else {
        firstEnded += 1
        continue
      }
      guard endedCount > retention.countMax || transaction.changedAt < oldest else { break }
      transactions[transaction.id] = nil
      if labels[transaction.label] == transaction.id { labels[transaction.label] = nil }
      firstEnded += 1
    }
    if firstEnded > 1024, firstEnded * 2 > endedIDs.count {
      endedIDs.removeFirst(firstEnded)
      droppedCount += firstEnded
      firstEnded = 0
    }
  }
}
