import StorageBase
import TabletModel

/// The transactions in a checkpoint (see FORMAT.md).
struct TransactionSection: Sendable {
  /// Ids below it may have been given out.
  var reservedEnd = TransactionID(rawValue: 1)
  /// Loads that wait for the decision.
  var pending: [Pending] = []
  /// Those that have ended and are remembered, oldest first.
  var ended: [Transaction] = []

  struct Pending: Sendable {
    var transaction: Transaction
    var parts: [LoadCommit.Part]
    /// By tablet, of rows that are completed once they are decided; none for whole ones.
    var terms: [TabletID: PartialTerms] = [:]
  }

  private static let countMax = 1 << 28
  private static let twoPhase: UInt8 = 1
  /// In the place of a deadline that there is none.
  private static let noDeadline: Int64 = -1

  init() {}

  func encode(into writer: inout ByteWriter) {
    writer.append(reservedEnd.rawValue)
    writer.appendVarint(UInt64(pending.count))
    for load in pending {
      Self.encode(load.transaction, into: &writer)
      writer.appendVarint(UInt64(load.parts.count))
      for part in load.parts {
        writer.append(part.tablet.rawValue)
        part.rowset.encode(into: &writer, inline: RowsetMeta.encodeReference)
      }
      PartialTerms.encode(load.terms, of: load.parts.map(\.tablet), into: &writer)
    }
    writer.appendVarint(UInt64(ended.count))
    for transaction in ended { Self.encode(transaction, into: &writer) }
  }

  /// - Parameter hasPartialLoads: whether it tells of rows that are to be completed.
  init(decoding reader: inout ByteReader, hasPartialLoads: Bool) throws {
    reservedEnd = TransactionID(rawValue: try reader.readOrdinal("next transaction id"))
    let pendingCount = try reader.readCount(
      "pending transaction count", atMost: Limits.runningTransactionCountMax)
    for _ in 0..<pendingCount {
      let transaction = try Self.readTransaction(&reader)
      guard transaction.state == .precommitted else {
        throw reader.corrupt(
          "pending transaction", expected: "precommitted", found: "\(transaction.state)")
      }
      let partCount = try reader.readCount("tablet count", atMost: 1 << 20)
      var parts: [LoadCommit.Part] = []
      for _ in 0..<partCount {
        let tablet = TabletID(rawValue: try reader.readOrdinal("tablet id"))
        let rowset = try RowsetMeta.decode(from: &reader, inline: RowsetMeta.decodeReference)
        parts.append(LoadCommit.Part(tablet: tablet, rowset: rowset))
      }
      let terms =
        hasPartialLoads ? try PartialTerms.decode(from: &reader, of: parts.map(\.tablet)) : [:]
      pending.append(Pending(transaction: transaction, parts: parts, terms: terms))
    }
    let endedCount = try reader.readCount("ended transaction count", atMost: Self.countMax)
    for _ in 0..<endedCount {
      let transaction = try Self.readTransaction(&reader)
      guard transaction.state.isFinal else {
        throw reader.corrupt(
          "ended transaction", expected: "visible or aborted", found: "\(transaction.state)")
      }
      ended.append(transaction)
    }
  }

  private static func encode(_ transaction: Transaction, into writer: inout ByteWriter) {
    writer.append(transaction.id.rawValue)
    writer.append(transaction.label)
    writer.append(transaction.startedAt.rawValue)
    writer.append(transaction.state.rawValue)
    writer.append(transaction.isTwoPhase ? twoPhase : 0)
    writer.append(transaction.changedAt.rawValue)
    writer.append(transaction.deadline?.rawValue ?? noDeadline)
    writer.append(transaction.sequence)
    writer.append(transaction.abortReason)
  }

  private static func readTransaction(_ reader: inout ByteReader) throws -> Transaction {
    let id = TransactionID(rawValue: try reader.readOrdinal("transaction id"))
    let label = try reader.readString("label", atMost: Limits.labelByteCountMax)
    let startedAt = try reader.readTimestamp("start time")
    let stateNumber = try reader.read(UInt8.self, "transaction state")
    guard let state = TransactionState(rawValue: stateNumber) else {
      throw reader.corrupt("transaction state", expected: "1 to 5", found: "\(stateNumber)")
    }
    let flags = try reader.read(UInt8.self, "transaction flags")
    guard flags & ~twoPhase == 0 else {
      throw reader.corrupt("transaction flags", expected: "known bits", found: "\(flags)")
    }
    let changedAt = try reader.readTimestamp("time of the state")
    let deadline = try reader.readTimestamp("deadline")
    return Transaction(
      id: id, label: label, startedAt: startedAt, state: state, changedAt: changedAt,
      deadline: deadline.rawValue == noDeadline ? nil : deadline,
      sequence: try reader.readOrdinal("commit sequence"),
      abortReason: try reader.readString(
        "abort reason", atMost: TransactionDecision.reasonByteCountMax),
      isTwoPhase: flags == twoPhase)
  }
}
