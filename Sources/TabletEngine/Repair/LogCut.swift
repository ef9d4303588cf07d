import StorageBase
import StorageIO

/// Cuts the log of a closed store at its damage.
///
/// The damaged file is replaced by one that ends before the damage and goes on with the changes
/// that are kept, in one step (a rename). Then the later files go. After a crash in between the
/// store is refused as before, or is cut; either way a repair can be run again.
struct LogCut {
  let files: any FileSystem
  let layout: StoreLayout
  let storeID: UInt64
  let damage: LogDamage

  func run() throws {
    let path = layout.log(damage.file)
    var bytes: [UInt8]
    if damage.validByteCount > 0 {
      let file = try files.openForReading(path, cause: .log)
      bytes = try file.read(at: 0, count: Int(damage.validByteCount))
    } else {
      bytes = LogFormat.header(storeID: storeID, number: damage.file)
    }
    if !damage.keptRecords.isEmpty {
      var payload = ByteWriter()
      for record in damage.keptRecords { record.encode(into: &payload) }
      // All frames before it are on disk when the file gets its name.
      bytes += LogFormat.frame(
        number: damage.nextFrame, synced: damage.nextFrame - 1, payload: payload,
        version: damage.version)
    }
    let file = try files.create(path + ".tmp", cause: .log)
    try file.append(bytes)
    try file.sync()
    try files.rename(path + ".tmp", to: path)
    try files.syncDirectory(layout.logDirectory, cause: .log)
    for later in damage.laterFiles.sorted(by: >) { try files.remove(layout.log(later)) }
    try files.syncDirectory(layout.logDirectory, cause: .log)
  }
}
