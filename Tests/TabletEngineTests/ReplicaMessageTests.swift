import StorageBase
import TabletModel
import Testing

@testable import TabletEngine

@Suite struct ReplicaMessageTests {
  private static func id(_ random: inout SeededGenerator) -> CompactionOffer.ID {
    CompactionOffer.ID(epoch: random.next(), ordinal: random.next() >> 4)
  }

  private static func range(_ random: inout SeededGenerator) -> VersionRange {
    let first = Int64(random.next() >> 5)
    return VersionRange(first, first + Int64(random.next() % 100))
  }

  private static func files(_ random: inout SeededGenerator) -> [FileFingerprint] {
    (0..<random.next() % 4).map { _ in
      FileFingerprint(
        byteCount: Int(random.next() >> 25), checksum: UInt32(truncatingIfNeeded: random.next()),
        hash: random.next())
    }
  }

  private static func offer(_ random: inout SeededGenerator) -> CompactionOffer {
    let kinds = CompactionKind.allCases
    return CompactionOffer(
      id: id(&random), kind: kinds[Int(random.next() % UInt64(kinds.count))],
      definition: random.next(),
      inputs: (0..<random.next() % 5).map { _ in
        RowsetFingerprint(
          versions: range(&random), segments: files(&random), deletions: random.next())
      }, versions: range(&random), rowCount: Int(random.next() >> 20), segments: files(&random),
      isLinked: random.next() % 2 == 0)
  }

  private static func requests(_ random: inout SeededGenerator) -> [ReplicaRequest] {
    [
      .offers(epoch: random.next(), since: random.next() >> 4),
      .segment(
        id(&random), ordinal: Int(random.next() % 1000), offset: random.next() >> 4,
        count: Int(random.next() % 4_000_000)),
      .conversion(id(&random), offset: random.next() >> 4, count: Int(random.next() % 4_000_000)),
      .digest(id(&random)),
    ]
  }

  private static func responses(_ random: inout SeededGenerator) -> [ReplicaResponse] {
    [
      .offers(
        epoch: random.next(), kept: (0..<random.next() % 5).map { $0 },
        new: (0..<random.next() % 4).map { number in
          ReplicaResponse.Offered(
            tablet: ReplicatedTablet(table: "table \(number)", bucket: Int(number)),
            offer: offer(&random))
        }),
      .bytes((0..<random.next() % 300).map { UInt8(truncatingIfNeeded: $0) }),
      .digest(RowDigest(rowCount: Int(random.next() >> 20), sum: random.next())),
      .refused("because \(random.next())"),
    ]
  }

  @Test(arguments: 0..<100 as Range<UInt64>) func messagesAreReadAsWritten(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    for body in Self.requests(&random) {
      let message = ReplicaMessage(number: random.next(), body: body)
      #expect(try ReplicaMessage<ReplicaRequest>(decoding: message.encoded()) == message)
      #expect(throws: StorageError.self) {
        try ReplicaMessage<ReplicaResponse>(decoding: message.encoded())
      }
    }
    for body in Self.responses(&random) {
      let message = ReplicaMessage(number: random.next(), body: body)
      #expect(try ReplicaMessage<ReplicaResponse>(decoding: message.encoded()) == message)
    }
  }

  /// Changed bytes under a right checksum: refused with a typed error, or read as something.
  @Test(arguments: 0..<100 as Range<UInt64>) func hostileMessagesDoNotTrap(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let messages =
      Self.requests(&random).map { ReplicaMessage(number: 1, body: $0).encoded() }
      + Self.responses(&random).map { ReplicaMessage(number: 1, body: $0).encoded() }
    for message in messages {
      for _ in 0..<20 {
        var bytes = Array(message.dropLast(4))
        for _ in 0...random.next() % 3 {
          let place = Int(random.next() % UInt64(bytes.count))
          bytes[place] = random.next() % 2 == 0 ? 0xFF : UInt8(truncatingIfNeeded: random.next())
        }
        if random.next() % 3 == 0 { bytes.removeLast(Int(random.next() % UInt64(bytes.count))) }
        var writer = ByteWriter()
        writer.append(contentsOf: bytes)
        writer.appendChecksum()
        do { _ = try ReplicaMessage<ReplicaRequest>(decoding: writer.bytes) } catch {
          #expect(error is StorageError)
        }
        do { _ = try ReplicaMessage<ReplicaResponse>(decoding: writer.bytes) } catch {
          #expect(error is StorageError)
        }
      }
    }
  }
}
