import StorageBase
import Synchronization
import TabletModel

/// What other replicas have said that they have, and the ways to them. Thread-safe.
final class OfferBoard: Sendable {
  struct Entry: Sendable {
    let peer: ReplicaID
    let tablet: ReplicatedTablet
    let offer: CompactionOffer
  }

  private struct Peer {
    let link: any ReplicaLink
    var epoch: UInt64 = 0
    /// Offers of smaller ordinals are known.
    var nextOrdinal: UInt64 = 0
  }

  private struct State {
    var peers: [ReplicaID: Peer] = [:]
    var entries: [Entry] = []
    var refused: Set<CompactionOffer.ID> = []
    var random: SeededGenerator
  }

  let messageByteCount: Int
  private let attemptCount: Int
  private let state: Mutex<State>

  init(entropy: UInt64, attemptCount: Int, messageByteCount: Int) {
    self.attemptCount = max(1, attemptCount)
    self.messageByteCount = max(1, messageByteCount)
    state = Mutex(State(random: SeededGenerator(seed: entropy)))
  }

  func connect(_ peer: ReplicaID, by link: any ReplicaLink) {
    state.withLock { $0.peers[peer] = Peer(link: link) }
  }

  /// Of one tablet, those that have not been refused, the oldest of each replica first.
  func offers(of tablet: ReplicatedTablet) -> [Entry] {
    state.withLock { state in
      state.entries.filter { $0.tablet == tablet && !state.refused.contains($0.offer.id) }
    }
  }

  /// Never considers an offer again.
  func refuse(_ id: CompactionOffer.ID) {
    state.withLock { _ = $0.refused.insert(id) }
  }

  /// Asks everybody what there is; whoever does not answer has what it had.
  /// - Returns: the tablets that something new is there for.
  func poll() -> Set<ReplicatedTablet> {
    var changed: Set<ReplicatedTablet> = []
    for (id, peer) in state.withLock({ $0.peers }).sorted(by: { $0.key < $1.key }) {
      do {
        let response = try ask(id, .offers(epoch: peer.epoch, since: peer.nextOrdinal))
        guard case .offers(let epoch, let kept, let new) = response else { continue }
        changed.formUnion(enter(new, from: id, epoch: epoch, kept: Set(kept)))
      } catch {
        // Silence is no news.
      }
    }
    return changed
  }

  private func enter(
    _ new: [ReplicaResponse.Offered], from id: ReplicaID, epoch: UInt64, kept: Set<UInt64>
  ) -> Set<ReplicatedTablet> {
    state.withLock { state in
      // Answers to earlier questions may be the last to come.
      let known = Set(state.entries.lazy.filter { $0.peer == id }.map(\.offer.id))
      let fresh = new.filter { $0.offer.id.epoch == epoch && !known.contains($0.offer.id) }
      state.entries += fresh.map { Entry(peer: id, tablet: $0.tablet, offer: $0.offer) }
      state.entries.removeAll {
        $0.peer == id && ($0.offer.id.epoch != epoch || !kept.contains($0.offer.id.ordinal))
      }
      state.refused.formIntersection(state.entries.lazy.map(\.offer.id))
      let last = fresh.lazy.map(\.offer.id.ordinal).max()
      let before = state.peers[id]?.epoch == epoch ? state.peers[id]?.nextOrdinal ?? 0 : 0
      state.peers[id]?.epoch = epoch
      state.peers[id]?.nextOrdinal = max(before, last.map { $0 + 1 } ?? 0)
      return Set(fresh.map(\.tablet))
    }
  }

  /// Asks a replica, several times if there is no answer.
  /// - Throws: `FetchRefusal.gone` when it says no, `LinkFailure`, and what the link throws.
  func ask(_ peer: ReplicaID, _ request: ReplicaRequest) throws -> ReplicaResponse {
    var last: any Error = LinkFailure("replica \(peer) is not connected")
    for _ in 0..<attemptCount {
      let (link, number) = state.withLock { ($0.peers[peer]?.link, $0.random.next()) }
      guard let link else { break }
      do {
        let answer = try link.exchange(ReplicaMessage(number: number, body: request).encoded())
        let response = try ReplicaMessage<ReplicaResponse>(decoding: answer)
        guard response.number == number else {
          throw LinkFailure("replica \(peer) answers another question")
        }
        guard case .refused(let reason) = response.body else { return response.body }
        throw FetchRefusal.gone(reason)
      } catch let refusal as FetchRefusal {
        throw refusal
      } catch {
        last = error
      }
    }
    throw last
  }
}
