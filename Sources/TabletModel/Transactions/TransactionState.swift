/// Where a transaction stands.
///
///     PREPARE ──▶ PRECOMMITTED ──▶ COMMITTED ──▶ VISIBLE
///        │  └──────────────────────────▲
///        └──────▶ ABORTED ◀── (PRECOMMITTED)
///
/// The states and their rules are those of Apache Doris (`DatabaseTransactionMgr`). Raw values are
/// persistent: never change one.
public enum TransactionState: UInt8, Hashable, Sendable, Codable, CustomStringConvertible {
  /// Rows arrive. Nothing of it outlives the process.
  case prepare = 1
  /// All rows are durable and none is visible; survives restarts and waits to be told what to do.
  case precommitted = 2
  /// Decided, and about to become visible; can no longer be aborted.
  case committed = 3
  /// Every snapshot taken from now on has its rows.
  case visible = 4
  /// It never happened, and its label is free.
  case aborted = 5

  public var description: String {
    switch self {
    case .prepare: "prepare"
    case .precommitted: "precommitted"
    case .committed: "committed"
    case .visible: "visible"
    case .aborted: "aborted"
    }
  }

  /// Whether nothing more will happen to it.
  public var isFinal: Bool { self == .visible || self == .aborted }
}
