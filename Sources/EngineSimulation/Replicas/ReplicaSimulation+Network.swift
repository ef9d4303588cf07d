import StorageBase
import TabletEngine
import TabletModel

// What becomes of messages.
extension ReplicaSimulation {
  /// Carries a request to a replica and the answer back, if the network lets it.
  func carry(_ request: [UInt8], on route: SimulatedNetwork.Route) throws -> [UInt8] {
    interrupt(oneIn: 12)
    let weather = network.weather
    if happens(weather.slow) {
      for machine in machines { machine.world.clock.advance(bySeconds: 1.5) }
    }
    guard network.connects(route), !happens(weather.lossOfRequest),
      let peer = machines.first(where: { $0.id == route.to })?.process?.replica
    else { throw lost() }
    let sent = happens(weather.corruption) ? damaged(request) : request
    var answer = peer.answer(sent)
    if happens(weather.duplicate) {
      trace.note("message doubled")
      answer = peer.answer(sent)
    }
    interrupt(oneIn: 12)
    if happens(weather.lossOfAnswer) {
      network.keep(answer, on: route)
      throw lost()
    }
    if happens(weather.stale), let older = network.takeLate(route) {
      trace.note("message late")
      network.keep(answer, on: route)
      return older
    }
    if happens(weather.corruption) {
      trace.note("message damaged")
      return damaged(answer)
    }
    return answer
  }

  private func lost() -> LinkFailure {
    trace.note("message lost")
    return LinkFailure("no answer in time")
  }

  private func happens(_ percent: UInt64) -> Bool { percent > 0 && random.next() % 100 < percent }

  /// Some bytes with a bit turned, cut off, or with more behind them.
  private func damaged(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    switch random.next() % 4 {
    case 0: bytes.removeLast(Int(random.next() % UInt64(bytes.count + 1)))
    case 1: bytes.append(UInt8(truncatingIfNeeded: random.next()))
    default:
      if !bytes.isEmpty {
        bytes[Int(random.next() % UInt64(bytes.count))] ^= UInt8(1) << UInt8(random.next() % 8)
      }
    }
    return bytes
  }

  func changeWeather() {
    let kinds: [(String, SimulatedNetwork.Weather)] = [
      ("fine", .fine), ("fine", .fine), ("fine", .fine), ("rough", .rough), ("storm", .storm),
    ]
    let (name, weather) = kinds[random.index(of: kinds)]
    network.weather = weather
    trace.note("weather", name)
  }

  /// A replica is cut off from the others.
  func isolate(_ machine: ReplicaMachine) {
    network.isolated = [machine.id]
    trace.note("isolated", "\(machine.id)")
  }
}
