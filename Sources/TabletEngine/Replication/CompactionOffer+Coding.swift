import StorageBase
import TabletModel

extension CompactionOffer.ID {
  func encode(into writer: inout ByteWriter) {
    writer.append(epoch)
    writer.append(ordinal)
  }

  init(from reader: inout ByteReader) throws {
    self.init(
      epoch: try reader.read(UInt64.self, "epoch"), ordinal: try reader.readOrdinal("ordinal"))
  }
}

extension CompactionOffer {
  func encode(into writer: inout ByteWriter) {
    id.encode(into: &writer)
    writer.append(kind.rawValue)
    writer.append(UInt8(isLinked ? 1 : 0))
    writer.append(definition)
    writer.appendVarint(UInt64(inputs.count))
    for input in inputs {
      input.versions.encode(into: &writer)
      writer.append(input.deletions)
      FileFingerprint.encode(input.segments, into: &writer)
    }
    versions.encode(into: &writer)
    writer.appendVarint(UInt64(rowCount))
    FileFingerprint.encode(segments, into: &writer)
  }

  init(from reader: inout ByteReader) throws {
    let id = try ID(from: &reader)
    let kindNumber = try reader.read(UInt8.self, "kind of compaction")
    guard let kind = CompactionKind(rawValue: kindNumber) else {
      throw reader.corrupt("kind of compaction", expected: "1 to 3", found: "\(kindNumber)")
    }
    let linked = try reader.read(UInt8.self, "whether it is linked")
    guard linked <= 1 else {
      throw reader.corrupt("whether it is linked", expected: "0 or 1", found: "\(linked)")
    }
    let definition = try reader.read(UInt64.self, "definition")
    let inputCount = try reader.readCount("inputs", atMost: Limits.mergeInputCountMax)
    var inputs: [RowsetFingerprint] = []
    for _ in 0..<inputCount {
      let versions = try VersionRange(from: &reader)
      let deletions = try reader.read(UInt64.self, "deletions")
      inputs.append(
        RowsetFingerprint(
          versions: versions, segments: try FileFingerprint.decodeList(from: &reader),
          deletions: deletions))
    }
    self.init(
      id: id, kind: kind, definition: definition, inputs: inputs,
      versions: try VersionRange(from: &reader),
      rowCount: try reader.readCount("rows", atMost: 1 << 48),
      segments: try FileFingerprint.decodeList(from: &reader), isLinked: linked == 1)
  }
}

extension VersionRange {
  fileprivate func encode(into writer: inout ByteWriter) {
    writer.append(first.rawValue)
    writer.append(last.rawValue)
  }

  fileprivate init(from reader: inout ByteReader) throws {
    let first = try reader.readVersion("first version")
    let last = try reader.readVersion("last version")
    guard first <= last else {
      throw reader.corrupt("versions", expected: "first <= last", found: "\(first)-\(last)")
    }
    self.init(first, last)
  }
}

extension FileFingerprint {
  private static let countMax = 1 << 20

  fileprivate static func encode(_ list: [FileFingerprint], into writer: inout ByteWriter) {
    writer.appendVarint(UInt64(list.count))
    for file in list {
      writer.appendVarint(UInt64(file.byteCount))
      writer.append(file.checksum)
      writer.append(file.hash)
    }
  }

  fileprivate static func decodeList(
    from reader: inout ByteReader
  ) throws -> [FileFingerprint] {
    let count = try reader.readCount("segments", atMost: countMax)
    var list: [FileFingerprint] = []
    for _ in 0..<count {
      list.append(
        FileFingerprint(
          // A million of them still have a sum.
          byteCount: try reader.readCount("segment bytes", atMost: 1 << 40),
          checksum: try reader.read(UInt32.self, "checksum"),
          hash: try reader.read(UInt64.self, "hash")))
    }
    return list
  }
}
