import StorageBase
import StorageIO
import TabletModel

/// What can be made durable and visible through the log.
enum CommitRequest: Sendable {
  case createTable(TableDefinition)
  case alterTable(name: String, [SchemaChange])
  case load(PreparedLoad)
  /// The rows of several loads, and the transactions of these, which have no rows of their own.
  case loadTogether(PreparedLoad, labels: [PreparedLoad])
  case precommit(PreparedLoad, timeoutSeconds: Double)
  case commitTransaction(TransactionID)
  case abortTransaction(TransactionID, reason: String)
  case reserveTransactions(below: TransactionID)
  case groupRows(GroupRows)
  case compact(CompactionOutput)
  case sweep(tablet: TabletID, rowsets: [RowsetID])
  case repair(RepairCommit, RepairedChanges = RepairedChanges())
}

/// What has been done, and what that promises.
public struct CommitReceipt: Hashable, Sendable {
  /// The transaction of a load; nil for other commits.
  public internal(set) var transaction: TransactionID?
  /// The place of the commit in the order of all loads of the store; 0 for what is no commit of a
  /// load, and for a load without rows.
  public internal(set) var sequence: UInt64 = 0
  /// The version the load became on each tablet it has rows for. They are visible to every
  /// snapshot taken from now on.
  public internal(set) var versions: [TabletID: Version] = [:]
  /// Encoded bytes of the rowsets.
  public internal(set) var byteCount = 0
  /// Rows of the rowsets: where keys are unique, one of each key in the load.
  public internal(set) var rowCount = 0
  /// Of the table, after a change of its schema.
  var schemaVersion = 0
  /// What a power failure may take.
  public internal(set) var durability = DurabilityPromise.onDisk
  /// Whether it had been done before, so that nothing was left to do.
  public internal(set) var isRepeated = false
  /// For how long the load was held back because versions had piled up on its tablets.
  public internal(set) var slowedSeconds = 0.0
  /// Rows of a partial load that were completed again because others had changed their keys.
  public internal(set) var redoneRowCount = 0

  /// The receipt, when everything that was made durable with it kept this promise.
  func promising(_ durability: Durability) -> CommitReceipt {
    var receipt = self
    switch durability {
    case .sync: receipt.durability = .onDisk
    case .group(let milliseconds): receipt.durability = .within(milliseconds: milliseconds)
    case .none: receipt.durability = .handedToSystem
    }
    return receipt
  }
}

/// Rows of one load, sorted, encoded and waiting for their versions. Rowsets above the inline
/// limit are already in synced files.
public struct PreparedLoad: Sendable {
  let token: TransactionToken
  var parts: [Part]
  /// What it contains of rows that clients of group loads were promised.
  var covered: GroupRowsCover?
  /// By table, the rows that some of its parts were completed from; of partial loads.
  var partials: [PartialRows] = []
  /// Whether it is what has become of rows that waited for that.
  var decides = false
  /// The versions that tablets must not have left; others may have any.
  var basis: [TabletID: Version] = [:]

  /// The same rows, said to be these.
  func containing(_ covered: GroupRowsCover?) -> PreparedLoad {
    var load = self
    load.covered = covered
    return load
  }

  /// Its transaction.
  public var transaction: TransactionID { token.id }
  /// The name the client gave it; may be empty.
  public var label: String { token.label }

  /// By tablet, of rows that are to be completed once they are decided.
  var terms: [TabletID: PartialTerms] {
    var terms: [TabletID: PartialTerms] = [:]
    for part in parts { terms[part.tablet] = part.terms }
    return terms
  }

  struct Part: Sendable {
    let tablet: TabletID
    let rowset: RowsetID
    let rowCount: Int
    let segmentsOverlap: Bool
    /// Those of rows, then the deltas.
    let segments: [Segment]
    var deltaCount = 0
    /// Of tables with a key index.
    var keys = PartKeys()
    /// Of rows that are to be completed once they are decided.
    var terms: PartialTerms?
    /// Whether it stays as it is when other parts are made again.
    var isKept = false
  }

  enum Segment: Sendable {
    case file(byteCount: Int)
    case inline([UInt8])

    var byteCount: Int {
      switch self {
      case .file(let count): count
      case .inline(let bytes): bytes.count
      }
    }
  }

  /// Rows that are added and rows that are given new values.
  public var rowCount: Int {
    parts.reduce(0) { $0 + $1.rowCount + $1.keys.deltas.reduce(0) { $0 + $1.keys.count } }
  }

  /// Encoded bytes over all tablets.
  public var byteCount: Int {
    parts.reduce(0) { $0 + $1.segments.reduce(0) { $0 + $1.byteCount } }
  }
}

/// A merged rowset in synced files, waiting to replace its inputs.
struct CompactionOutput: Sendable {
  let tablet: TabletID
  let kind: CompactionKind
  let cumulativePoint: Version
  let inputs: [RowsetID]
  let rowset: Rowset
  /// Where the rows of the inputs have gone; of tables that merge on write.
  var moved: MovedRows?
}
