import StorageBase
import TabletModel

/// What became of a pre-committed load.
struct TransactionDecision: Hashable, Sendable {
  enum Outcome: Hashable, Sendable {
    case commit(sequence: UInt64)
    case abort(reason: String)
  }

  let transaction: TransactionID
  let at: Timestamp
  let outcome: Outcome

  /// Longer reasons are cut.
  static let reasonByteCountMax = 4096
}

extension TransactionDecision {
  func encode(into writer: inout ByteWriter) {
    writer.append(RecordTag.decide.rawValue)
    writer.append(transaction.rawValue)
    writer.append(at.rawValue)
    switch outcome {
    case .commit(let sequence):
      writer.append(UInt8(1))
      writer.append(sequence)
    case .abort(let reason):
      writer.append(UInt8(0))
      writer.append(reason)
    }
  }

  static func decode(from reader: inout ByteReader) throws -> TransactionDecision {
    let transaction = TransactionID(rawValue: try reader.readOrdinal("transaction id"))
    let time = try reader.readTimestamp("decision time")
    let outcome: Outcome
    switch try reader.read(UInt8.self, "decision") {
    case 1: outcome = .commit(sequence: try reader.readOrdinal("commit sequence"))
    case 0:
      outcome = .abort(
        reason: try reader.readString("abort reason", atMost: reasonByteCountMax))
    case let other: throw reader.corrupt("decision", expected: "0 or 1", found: "\(other)")
    }
    return TransactionDecision(transaction: transaction, at: time, outcome: outcome)
  }
}
