import StorageBase
import TabletModel

/// A load of two phases whose rows are on disk and wait for the decision.
struct LoadPrecommit: Hashable, Sendable {
  let transaction: TransactionID
  let label: String
  let startedAt: Timestamp
  let at: Timestamp
  /// When it is aborted unless it has been decided.
  let deadline: Timestamp
  /// Rowsets have versions only once they are committed; here they are 0-0.
  let parts: [LoadCommit.Part]
  /// By tablet, of rows that are completed once they are decided; none for whole ones.
  var terms: [TabletID: PartialTerms] = [:]
}

extension LoadPrecommit {
  func encode(into writer: inout ByteWriter, inlineBytes: InlineBytes) {
    writer.append((terms.isEmpty ? RecordTag.precommit : .precommitPartial).rawValue)
    writer.append(transaction.rawValue)
    writer.append(label)
    writer.append(startedAt.rawValue)
    writer.append(at.rawValue)
    writer.append(deadline.rawValue)
    LoadCommit.encode(parts, into: &writer, inlineBytes: inlineBytes)
    guard !terms.isEmpty else { return }
    PartialTerms.encode(terms, of: parts.map(\.tablet), into: &writer)
  }

  static func decode(
    from reader: inout ByteReader, file: UInt32, isPartial: Bool
  ) throws -> LoadPrecommit {
    var load = LoadPrecommit(
      transaction: TransactionID(rawValue: try reader.readOrdinal("transaction id")),
      label: try reader.readString("label", atMost: Limits.labelByteCountMax),
      startedAt: try reader.readTimestamp("start time"),
      at: try reader.readTimestamp("pre-commit time"),
      deadline: try reader.readTimestamp("deadline"),
      parts: try LoadCommit.decodeParts(from: &reader, file: file))
    if isPartial {
      load.terms = try PartialTerms.decode(from: &reader, of: load.parts.map(\.tablet))
    }
    return load
  }
}

extension LoadCommit {
  func encode(into writer: inout ByteWriter, inlineBytes: InlineBytes) {
    if let transaction {
      writer.append(RecordTag.commitTransaction.rawValue)
      writer.append(transaction.rawValue)
    } else {
      writer.append(RecordTag.commit.rawValue)
    }
    writer.append(sequence)
    writer.append(at.rawValue)
    writer.append(label)
    Self.encode(parts, into: &writer, inlineBytes: inlineBytes)
    guard transaction != nil else { return }
    writer.append(UInt8(covered == nil ? 0 : 1))
    if let covered {
      writer.append(covered.table.rawValue)
      writer.append(covered.end)
    }
  }

  static func decode(
    from reader: inout ByteReader, file: UInt32, hasTransaction: Bool
  ) throws -> LoadCommit {
    let transaction: TransactionID? =
      hasTransaction ? TransactionID(rawValue: try reader.readOrdinal("transaction id")) : nil
    let sequence = try reader.readOrdinal("commit sequence")
    let time = try reader.readTimestamp("commit time")
    let label = try reader.readString("label", atMost: Limits.labelByteCountMax)
    let parts = try decodeParts(from: &reader, file: file)
    var covered: GroupRowsCover?
    if hasTransaction {
      let flag = try reader.read(UInt8.self, "cover flag")
      guard flag <= 1 else {
        throw reader.corrupt("cover flag", expected: "0 or 1", found: "\(flag)")
      }
      if flag == 1 {
        covered = GroupRowsCover(
          table: TableID(rawValue: try reader.readSmallOrdinal("table id")),
          end: try reader.readOrdinal("end of the covered rows"))
      }
    }
    return LoadCommit(
      transaction: transaction, sequence: sequence, at: time, label: label, parts: parts,
      covered: covered)
  }

  fileprivate static func encode(
    _ parts: [Part], into writer: inout ByteWriter, inlineBytes: InlineBytes
  ) {
    writer.appendVarint(UInt64(parts.count))
    for (index, part) in parts.enumerated() {
      writer.append(part.tablet.rawValue)
      part.rowset.encode(into: &writer) { writer, segment, _ in
        writer.append(contentsOf: inlineBytes(index, segment, writer.count))
      }
    }
  }

  fileprivate static func decodeParts(
    from reader: inout ByteReader, file: UInt32
  ) throws -> [Part] {
    let count = try reader.readCount("tablet count", atMost: 1 << 20)
    var parts: [Part] = []
    for _ in 0..<count {
      let tablet = TabletID(rawValue: try reader.readOrdinal("tablet id"))
      let rowset = try RowsetMeta.decode(from: &reader) { reader, byteCount in
        try reader.skipInline(byteCount, file: file)
      }
      parts.append(Part(tablet: tablet, rowset: rowset))
    }
    return parts
  }
}

extension ByteReader {
  /// Passes over the bytes of a segment and says where they are.
  mutating func skipInline(_ byteCount: Int, file: UInt32) throws -> LogPosition {
    let position = LogPosition(file: file, offset: offset)
    _ = try readBytes(byteCount, "inline segment")
    return position
  }
}
