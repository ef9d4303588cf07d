import StorageBase
import TabletModel

/// What one replica asks another. Questions change nothing, so that one that is lost can be asked
/// again, and one that comes twice or late does no harm.
enum ReplicaRequest: Hashable, Sendable {
  /// What is there, and what of it has come since the ordinal if the epoch is this one.
  case offers(epoch: UInt64, since: UInt64)
  /// Bytes of a segment of an output.
  case segment(CompactionOffer.ID, ordinal: Int, offset: UInt64, count: Int)
  /// Bytes of the `SentConversion` of a compaction.
  case conversion(CompactionOffer.ID, offset: UInt64, count: Int)
  /// What the rows of an output come to.
  case digest(CompactionOffer.ID)
}

/// The answer to a request.
enum ReplicaResponse: Hashable, Sendable {
  /// The ordinals of all there is, and those offers that were asked for.
  case offers(epoch: UInt64, kept: [UInt64], new: [Offered])
  /// Fewer than were asked for only at the end.
  case bytes([UInt8])
  case digest(RowDigest)
  case refused(String)

  struct Offered: Hashable, Sendable {
    let tablet: ReplicatedTablet
    let offer: CompactionOffer
  }
}

/// A request or a response with the number that says which belong together.
struct ReplicaMessage<Body: ReplicaMessageBody>: Hashable, Sendable {
  let number: UInt64
  let body: Body

  func encoded() -> [UInt8] {
    var writer = ByteWriter()
    writer.append(Body.magic)
    writer.append(number)
    body.encode(into: &writer)
    writer.appendChecksum()
    return writer.bytes
  }

  init(number: UInt64, body: Body) {
    self.number = number
    self.body = body
  }

  /// - Throws: `StorageError.corrupt` for what is no message of this kind.
  init(decoding bytes: [UInt8]) throws {
    self = try bytes.withUnsafeBytes { bytes in
      var reader = ByteReader(bytes, file: "message of a replica")
      let magic = try reader.read(UInt32.self, "magic")
      guard magic == Body.magic else {
        throw reader.corrupt("magic", expected: hex(Body.magic), found: hex(magic))
      }
      let number = try reader.read(UInt64.self, "number")
      let body = try Body(from: &reader)
      try reader.verifyChecksum("message")
      try reader.requireEnd("message")
      return ReplicaMessage(number: number, body: body)
    }
  }
}

protocol ReplicaMessageBody: Hashable, Sendable {
  static var magic: UInt32 { get }
  func encode(into writer: inout ByteWriter)
  init(from reader: inout ByteReader) throws
}
