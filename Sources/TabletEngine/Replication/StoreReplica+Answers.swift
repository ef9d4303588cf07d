import StorageBase
import StorageIO
import TabletModel

extension StoreReplica {
  /// Answers what another replica asks; whatever the bytes are. Changes nothing. Thread-safe.
  public func answer(_ request: [UInt8]) -> [UInt8] {
    let message: ReplicaMessage<ReplicaRequest>
    do {
      message = try ReplicaMessage(decoding: request)
    } catch {
      return ReplicaMessage(number: 0, body: ReplicaResponse.refused("\(error)")).encoded()
    }
    let response: ReplicaResponse
    do {
      response = try respond(to: message.body)
    } catch {
      response = .refused("\(error)")
    }
    return ReplicaMessage(number: message.number, body: response).encoded()
  }

  private func respond(to request: ReplicaRequest) throws -> ReplicaResponse {
    switch request {
    case .offers(let epoch, let since):
      let kept = shelf.kept
      let first = epoch == shelf.epoch ? since : 0
      return .offers(
        epoch: shelf.epoch, kept: kept.map(\.offer.id.ordinal),
        new: kept.filter { $0.offer.id.ordinal >= first }.map {
          ReplicaResponse.Offered(tablet: $0.tablet, offer: $0.offer)
        })
    case .segment(let id, let ordinal, let offset, let count):
      let export = try require(id)
      guard ordinal < export.output.segments.count else {
        throw FetchRefusal.gone("segment \(ordinal)")
      }
      let file = try export.output.segments[ordinal].openFile()
      return .bytes(
        try bytes(offset, count, of: file.byteCount) { try file.read(at: $0, count: $1) })
    case .conversion(let id, let offset, let count):
      guard let conversion = try require(id).conversion else {
        throw FetchRefusal.gone("its rows have no handles")
      }
      return .bytes(
        try bytes(offset, count, of: UInt64(conversion.count)) { start, count in
          Array(conversion[Int(start)..<Int(start) + count])
        })
    case .digest(let id):
      return .digest(try require(id).rowDigest())
    }
  }

  private func require(_ id: CompactionOffer.ID) throws -> ExportedCompaction {
    guard let export = shelf[id] else { throw FetchRefusal.gone("compaction \(id.ordinal)") }
    return export
  }

  private func bytes(
    _ offset: UInt64, _ count: Int, of total: UInt64, _ read: (UInt64, Int) throws -> [UInt8]
  ) throws -> [UInt8] {
    guard offset < total else { return [] }
    return try read(offset, Int(min(UInt64(count), total - offset)))
  }
}
