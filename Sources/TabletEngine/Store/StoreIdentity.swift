import StorageBase
import StorageIO

/// The file that says a directory is a store (see FORMAT.md).
struct StoreIdentity: Hashable, Sendable {
  static let magic = Array("SEDIMENT".utf8)
  static let format: UInt32 = 1

  let storeID: UInt64
  let createdAt: Timestamp

  func encoded() -> [UInt8] {
    var writer = ByteWriter()
    writer.append(contentsOf: Self.magic)
    writer.append(Self.format)
    writer.append(storeID)
    writer.append(createdAt.rawValue)
    writer.appendChecksum()
    return writer.bytes
  }

  /// Writes the file so that it is there whole or not at all; when this returns it is durable.
  func write(_ files: any FileSystem, layout: StoreLayout) throws {
    let file = try files.create(layout.identity + ".tmp", cause: .checkpoint)
    try file.append(encoded())
    try file.sync()
    try files.rename(layout.identity + ".tmp", to: layout.identity)
    try files.syncDirectory(layout.root, cause: .checkpoint)
  }

  static func read(_ files: any FileSystem, layout: StoreLayout) throws -> StoreIdentity {
    guard try files.exists(layout.root) else {
      throw StorageError.notAStore(path: layout.root, reason: "no such directory")
    }
    guard try files.exists(layout.identity) else {
      throw StorageError.notAStore(path: layout.root, reason: "it has no file SEDIMENT")
    }
    let file = try files.openForReading(layout.identity, cause: .checkpoint)
    let bytes = try file.read(at: 0, count: Int(min(file.byteCount, 64)))
    return try bytes.withUnsafeBytes { bytes in
      var reader = ByteReader(bytes, file: layout.identity)
      guard bytes.count >= 8, bytes[..<8].elementsEqual(Self.magic) else {
        throw StorageError.notAStore(
          path: layout.root, reason: "its file SEDIMENT was not written by Sediment")
      }
      _ = try reader.readBytes(8, "magic")
      let format = try reader.read(UInt32.self, "format")
      guard format <= Self.format else {
        throw StorageError.unsupportedFormat(
          file: layout.identity, found: "\(format)", supported: "up to \(Self.format)")
      }
      let storeID = try reader.read(UInt64.self, "store id")
      let createdAt = Timestamp(rawValue: try reader.read(Int64.self, "creation time"))
      try reader.verifyChecksum("identity")
      try reader.requireEnd("identity")
      return StoreIdentity(storeID: storeID, createdAt: createdAt)
    }
  }
}
