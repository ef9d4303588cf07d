/// What a client wants done.
struct ClientOperation: Sendable {
  enum Kind: Sendable {
    case load
    case question(QuestionKind)
  }

  let client: Int
  let kind: Kind
  /// On the monotonic clock, in nanoseconds: when the client would have liked to send it.
  let due: UInt64
  /// The place of the operation among all.
  let ordinal: UInt64
}

/// How the workload groups of a run stand in their queues.
enum QuestionGroup: Int, CaseIterable, Sendable {
  case lookups, dashboards, scans

  var name: String {
    switch self {
    case .lookups: "lookups"
    case .dashboards: "dashboards"
    case .scans: "scans"
    }
  }

  static func of(_ kind: QuestionKind) -> QuestionGroup {
    switch kind {
    case .pointLookup, .dimensionLookup: .lookups
    case .fullScan: .scans
    case .countByStatus, .revenueByCity, .topProducts, .distinctUsers, .textMatch: .dashboards
    }
  }
}
