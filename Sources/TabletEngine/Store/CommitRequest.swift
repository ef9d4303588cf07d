import StorageBase
import StorageIO
import TabletModel

/// What can be made durable and visible through the log.
enum CommitRequest: Sendable {
  case createTable(TableDefinition)
  case load(PreparedLoad)
  case compact(CompactionOutput)
  case sweep(tablet: TabletID, rowsets: [RowsetID])
}

/// What a commit promises: it is on disk (synced) and visible to every snapshot taken from now on.
public struct CommitReceipt: Hashable, Sendable {
  /// The place of the commit in the order of all loads of the store; 0 for other commits.
  public let sequence: UInt64
  /// The version the load became on each tablet it has rows for.
  public let versions: [TabletID: Version]
  /// Encoded bytes of the rowsets.
  public let byteCount: Int
  public let rowCount: Int
}

/// Rows of one load, sorted, encoded and waiting for their versions. Rowsets above the inline
/// limit are already in synced files.
public struct PreparedLoad: Sendable {
  let table: TableID
  let tableName: String
  let label: String
  let parts: [Part]

  struct Part: Sendable {
    let tablet: TabletID
    let rowset: RowsetID
    let rowCount: Int
    let segmentsOverlap: Bool
    let segments: [Segment]
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

  public var rowCount: Int { parts.reduce(0) { $0 + $1.rowCount } }

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
  let output: RowsetMeta
}
