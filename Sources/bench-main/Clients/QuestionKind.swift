import StorageBase

/// What a reading client asks.
enum QuestionKind: Int, CaseIterable, Sendable {
  case countByStatus, revenueByCity, topProducts, distinctUsers, textMatch, pointLookup
  case dimensionLookup
  /// Beside the mixes: everything there is, by city and status.
  case fullScan

  /// What `operations.csv` calls it.
  var name: String {
    switch self {
    case .countByStatus: "count_by_status"
    case .revenueByCity: "revenue_by_city"
    case .topProducts: "top_products"
    case .distinctUsers: "distinct_users"
    case .textMatch: "text_match"
    case .pointLookup: "point_lookup"
    case .dimensionLookup: "dimension_lookup"
    case .fullScan: "full_scan"
    }
  }

  static func of(_ mix: ClientMix) -> [QuestionKind] {
    switch mix {
    case .dashboard:
      [
        .countByStatus, .revenueByCity, .topProducts, .distinctUsers, .textMatch, .pointLookup,
        .dimensionLookup,
      ]
    case .point: [.pointLookup, .dimensionLookup]
    }
  }

  /// Processor time, about, in microseconds, before anything is known.
  var estimatedCost: Double {
    switch self {
    case .pointLookup, .dimensionLookup: 5
    case .countByStatus, .revenueByCity, .topProducts, .distinctUsers, .textMatch: 300
    case .fullScan: 20_000
    }
  }
}
