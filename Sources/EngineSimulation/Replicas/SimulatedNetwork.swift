import StorageBase
import TabletEngine
import TabletModel

/// What becomes of messages between replicas.
struct SimulatedNetwork {
  /// In a hundred.
  struct Weather: Sendable {
    var lossOfRequest: UInt64 = 0
    var lossOfAnswer: UInt64 = 0
    var duplicate: UInt64 = 0
    /// An older answer comes in the place of the right one.
    var stale: UInt64 = 0
    var corruption: UInt64 = 0
    var slow: UInt64 = 0

    static let fine = Weather()
    static let rough = Weather(
      lossOfRequest: 6, lossOfAnswer: 6, duplicate: 10, stale: 4, corruption: 4, slow: 10)
    static let storm = Weather(
      lossOfRequest: 35, lossOfAnswer: 20, duplicate: 10, stale: 10, corruption: 10, slow: 20)
  }

  var weather = Weather.fine
  /// Replicas that nobody reaches, and who reach nobody.
  var isolated: Set<ReplicaID> = []
  /// Answers that are still on their way, by who asked and who was asked.
  private var late: [Route: [UInt8]] = [:]

  struct Route: Hashable {
    let from: ReplicaID
    let to: ReplicaID
  }

  func connects(_ route: Route) -> Bool {
    !isolated.contains(route.from) && !isolated.contains(route.to)
  }

  mutating func keep(_ answer: [UInt8], on route: Route) { late[route] = answer }

  mutating func takeLate(_ route: Route) -> [UInt8]? { late.removeValue(forKey: route) }
}

/// The way between two replicas of a simulation.
struct SimulatedLink: ReplicaLink {
  let route: SimulatedNetwork.Route
  // A replica may outlive its simulation by an instruction, and asks nothing then.
  let carry: @Sendable (SimulatedNetwork.Route, [UInt8]) throws -> [UInt8]

  init(
    from: ReplicaID, to: ReplicaID,
    _ carry: @escaping @Sendable (SimulatedNetwork.Route, [UInt8]) throws -> [UInt8]
  ) {
    route = SimulatedNetwork.Route(from: from, to: to)
    self.carry = carry
  }

  func exchange(_ request: [UInt8]) throws -> [UInt8] { try carry(route, request) }
}

extension SimulatedNetwork.Route: Sendable {}
