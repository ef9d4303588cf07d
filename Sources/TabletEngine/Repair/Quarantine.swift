import StorageBase
import StorageIO

/// A new directory of a store for what a repair takes out of use. Its files are further names of
/// the damaged ones where that is possible, so that moving them costs nothing and happens only when
/// the repair has been logged and the old names go. Not thread-safe.
struct Quarantine {
  let directory: String
  private let files: any FileSystem
  private let layout: StoreLayout

  init(_ layout: StoreLayout, _ files: any FileSystem) throws {
    self.layout = layout
    self.files = files
    try files.createDurableDirectory(layout.quarantineDirectory)
    let numbers = try files.listDirectory(layout.quarantineDirectory).compactMap { Int($0) }
    let digits = String((numbers.max() ?? 0) + 1)
    let name = String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    directory = layout.quarantineDirectory + "/" + name
    try files.createDirectory(directory)
    try files.syncDirectory(layout.quarantineDirectory, cause: .tool)
  }

  /// A file that is about to be replaced or removed, but not changed.
  /// - Returns: where it is kept; nil when there is no such file.
  func keep(_ path: String) throws -> String? {
    guard try files.exists(path) else { return nil }
    let target = directory + "/" + name(path)
    if try !files.exists(target) {
      _ = try files.linkOrCopy(path, to: target, cause: .tool)
    }
    return target
  }

  /// A file that is about to be cut.
  func keepCopy(_ path: String) throws -> String {
    let target = directory + "/" + name(path)
    try files.copy(path, to: target, cause: .tool)
    return target
  }

  /// Bytes that have no file of their own.
  func keep(_ bytes: [UInt8], named name: String) throws -> String {
    let target = directory + "/" + name
    let file = try files.create(target, cause: .tool)
    try file.append(bytes)
    try file.sync()
    return target
  }

  /// The segments of a rowset that is about to be forgotten.
  /// - Returns: where they are kept, as far as they can be read.
  func keep(
    _ rowset: Rowset, of tablet: TabletID
  ) throws -> [String] {
    try rowset.allSegments.enumerated().compactMap { ordinal, segment in
      guard segment.isInline else { return try keep(segment.path) }
      // The log file stays in use.
      let bytes: [UInt8]
      do {
        let file = try segment.fileNow(files, layout)
        bytes = try file.read(at: 0, count: Int(file.byteCount))
      } catch {
        return nil
      }
      return try keep(bytes, named: "inline-\(tablet)-\(rowset.id)-\(ordinal).seg")
    }
  }

  /// Promised rows that are about to be forgotten, as far as they can be read; the log file may
  /// stay in use.
  func keep(_ record: GroupRowsRecord) throws {
    let bytes: [UInt8]
    do {
      let log = try files.openForReading(layout.log(record.position.file), cause: .tool)
      bytes = try log.read(at: record.position.offset, count: record.byteCount)
    } catch {
      return
    }
    _ = try keep(bytes, named: "rows-\(record.table)-\(record.ordinal).seg")
  }

  /// Makes everything in it durable, with a page that says why it is there.
  func finish(_ lines: [String]) throws {
    _ = try keep(Array((lines.joined(separator: "\n") + "\n").utf8), named: "report.txt")
    try files.syncDirectory(directory, cause: .tool)
  }

  /// `data/7/3-0.seg` becomes `data-7-3-0.seg`.
  private func name(_ path: String) -> String {
    let relative =
      path.hasPrefix(layout.root + "/") ? path.dropFirst(layout.root.count + 1) : path[...]
    return String(relative.map { $0 == "/" ? "-" : $0 })
  }
}
