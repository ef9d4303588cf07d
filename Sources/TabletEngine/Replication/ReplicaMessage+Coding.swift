import StorageBase
import TabletModel

// The messages as bytes: see FORMAT.md.

extension ReplicaRequest: ReplicaMessageBody {
  static let magic: UInt32 = 0x5152_4453  // SDRQ

  /// Never change or reuse one.
  private enum Kind {
    static let offers: UInt8 = 1
    static let segment: UInt8 = 2
    static let conversion: UInt8 = 3
    static let digest: UInt8 = 4
  }

  /// Bytes of one answer at most.
  static let byteCountMax = 4 << 20

  func encode(into writer: inout ByteWriter) {
    switch self {
    case .offers(let epoch, let since):
      writer.append(Kind.offers)
      writer.append(epoch)
      writer.append(since)
    case .segment(let id, let ordinal, let offset, let count):
      writer.append(Kind.segment)
      id.encode(into: &writer)
      writer.appendVarint(UInt64(ordinal))
      writer.append(offset)
      writer.appendVarint(UInt64(count))
    case .conversion(let id, let offset, let count):
      writer.append(Kind.conversion)
      id.encode(into: &writer)
      writer.append(offset)
      writer.appendVarint(UInt64(count))
    case .digest(let id):
      writer.append(Kind.digest)
      id.encode(into: &writer)
    }
  }

  init(from reader: inout ByteReader) throws {
    let kind = try reader.read(UInt8.self, "kind of request")
    switch kind {
    case Kind.offers:
      self = .offers(
        epoch: try reader.read(UInt64.self, "epoch"), since: try reader.readOrdinal("ordinal"))
    case Kind.segment:
      self = .segment(
        try CompactionOffer.ID(from: &reader),
        ordinal: try reader.readCount("segment", atMost: 1 << 20),
        offset: try reader.readOrdinal("offset"),
        count: try reader.readCount("bytes", atMost: Self.byteCountMax))
    case Kind.conversion:
      self = .conversion(
        try CompactionOffer.ID(from: &reader), offset: try reader.readOrdinal("offset"),
        count: try reader.readCount("bytes", atMost: Self.byteCountMax))
    case Kind.digest: self = .digest(try CompactionOffer.ID(from: &reader))
    default: throw reader.corrupt("kind of request", expected: "1 to 4", found: "\(kind)")
    }
  }
}

extension ReplicaResponse: ReplicaMessageBody {
  static let magic: UInt32 = 0x5352_4453  // SDRS

  /// Never change or reuse one.
  private enum Kind {
    static let offers: UInt8 = 1
    static let bytes: UInt8 = 2
    static let digest: UInt8 = 3
    static let refused: UInt8 = 4
  }

  private static let offerCountMax = 1 << 20
  private static let reasonByteCountMax = 1 << 12

  func encode(into writer: inout ByteWriter) {
    switch self {
    case .offers(let epoch, let kept, let new):
      writer.append(Kind.offers)
      writer.append(epoch)
      writer.appendVarint(UInt64(kept.count))
      for ordinal in kept { writer.append(ordinal) }
      writer.appendVarint(UInt64(new.count))
      for offered in new {
        writer.append(offered.tablet.table)
        writer.appendVarint(UInt64(offered.tablet.bucket))
        offered.offer.encode(into: &writer)
      }
    case .bytes(let bytes):
      writer.append(Kind.bytes)
      writer.appendVarint(UInt64(bytes.count))
      writer.append(contentsOf: bytes)
    case .digest(let digest):
      writer.append(Kind.digest)
      writer.appendVarint(UInt64(digest.rowCount))
      writer.append(digest.sum)
    case .refused(let reason):
      writer.append(Kind.refused)
      writer.append(
        String(decoding: reason.utf8.prefix(Self.reasonByteCountMax / 4), as: UTF8.self))
    }
  }

  init(from reader: inout ByteReader) throws {
    let kind = try reader.read(UInt8.self, "kind of response")
    switch kind {
    case Kind.offers:
      let epoch = try reader.read(UInt64.self, "epoch")
      let keptCount = try reader.readCount("offers", atMost: Self.offerCountMax)
      let kept = try (0..<keptCount).map { _ in try reader.readOrdinal("ordinal") }
      let newCount = try reader.readCount("new offers", atMost: Self.offerCountMax)
      var new: [Offered] = []
      for _ in 0..<newCount {
        let table = try reader.readString("table", atMost: Limits.nameByteCountMax)
        let bucket = try reader.readCount("bucket", atMost: Limits.bucketCountMax)
        new.append(
          Offered(
            tablet: ReplicatedTablet(table: table, bucket: bucket),
            offer: try CompactionOffer(from: &reader)))
      }
      self = .offers(epoch: epoch, kept: kept, new: new)
    case Kind.bytes:
      let count = try reader.readCount("bytes", atMost: ReplicaRequest.byteCountMax)
      self = .bytes(Array(try reader.readBytes(count, "bytes")))
    case Kind.digest:
      self = .digest(
        RowDigest(
          rowCount: try reader.readCount("rows", atMost: 1 << 48),
          sum: try reader.read(UInt64.self, "sum of rows")))
    case Kind.refused:
      self = .refused(try reader.readString("reason", atMost: Self.reasonByteCountMax))
    default: throw reader.corrupt("kind of response", expected: "1 to 4", found: "\(kind)")
    }
  }
}
