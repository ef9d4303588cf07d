import SegmentFormat
import StorageBase
import StorageIO

/// What is left of a rowset, segment by segment.
struct RowsetExamination: Equatable {
  struct Segment: Equatable {
    /// In words; empty for a sound segment.
    var problems: [String] = []
    /// Pages that are whole in all columns; nil when not even the footer can be read.
    var wholePages: [Int]?
    /// Rows of these pages.
    var rowCount = 0
    /// Pages of which nothing but the keys can be read, of tables that merge on read: their rows
    /// stay as deletions, so that older rows of their keys do not show.
    var keyPages: [Int] = []
    /// Rows of these pages.
    var keyRowCount = 0
  }

  var segments: [Segment] = []
  /// A number of rows that is not the one the log tells, though all segments are sound.
  var miscount: String?

  var problems: [String] { segments.flatMap(\.problems) + (miscount.map { [$0] } ?? []) }
  var isSound: Bool { problems.isEmpty }
  /// How many of the segments are deltas, which are the last ones.
  var deltaCount = 0
  /// Rows that can still be read.
  var rowCount: Int { segments.dropLast(deltaCount).reduce(0) { $0 + $1.rowCount } }
}

/// Looks at rowsets for damage. What it finds it looks at twice: a disk or a memory that returns
/// other bytes each time needs another cure than giving up rows.
struct RowsetExaminer {
  let definition: TableDefinition
  /// Where the store's files are.
  let files: any FileSystem
  let layout: StoreLayout

  /// - Throws: `StorageError.damaged` when the second look differs from the first, and
  ///   `unsupportedFormat` for what a later program has written.
  func examine(_ rowset: Rowset) throws -> RowsetExamination {
    let first = try look(at: rowset)
    guard !first.isSound else { return first }
    let second = try look(at: rowset)
    guard first == second else {
      throw StorageError.damaged(
        path: layout.root, problems: first.problems + second.problems,
        remedy: "but reads differ from one time to the next: check disk and memory; nothing was "
          + "changed")
    }
    return first
  }

  private func look(at rowset: Rowset) throws -> RowsetExamination {
    var examination = RowsetExamination()
    examination.deltaCount = rowset.deltas.count
    for (ordinal, segment) in rowset.allSegments.enumerated() {
      let isDelta = ordinal >= rowset.segments.count
      examination.segments.append(try look(at: segment, isDelta: isDelta))
    }
    let rowCount = examination.rowCount
    if examination.isSound, rowCount != rowset.summary.rowCount {
      examination.miscount =
        "rowset \(rowset.id) \(rowset.summary.versions): expected \(rowset.summary.rowCount) rows, "
        + "found \(rowCount) in its segments"
    }
    return examination
  }

  private func look(
    at segment: RowsetSegment, isDelta: Bool
  ) throws -> RowsetExamination.Segment {
    var found = RowsetExamination.Segment()
    let reader: SegmentReader
    do {
      reader = try self.reader(of: segment)
    } catch let error as StorageError {
      if case .unsupportedFormat = error { throw error }
      found.problems = ["\(error)"]
      return found
    }
    found.problems = reader.verify().map { "\($0)" }
    if found.problems.isEmpty {
      do {
        found.problems = try IndexVerifier(definition).problems(of: reader)
      } catch let error as StorageError {
        found.problems = ["\(error)"]
      }
    }
    let remains =
      isDelta
      ? SegmentRemains(delta: reader, of: definition) : SegmentRemains(rows: reader, of: definition)
    let all = Array(0..<reader.pageCount)
    let pages = found.problems.isEmpty ? all : all.filter(remains.isWhole)
    func rowCount(_ pages: [Int]) -> Int {
      pages.reduce(0) { $0 + reader.rowRange(ofPage: $1).count }
    }
    found.wholePages = pages
    found.rowCount = rowCount(pages)
    if !isDelta, definition.uniqueKeys?.merge == .onRead, pages.count < all.count {
      found.keyPages = Set(all).subtracting(pages).sorted().filter(remains.hasKeys)
      found.keyRowCount = rowCount(found.keyPages)
    }
    return found
  }

  /// A reader that reads page by page, so that a bad sector is an error of its pages, not a signal.
  /// Inline segments are read from the log again.
  func reader(of segment: RowsetSegment) throws -> SegmentReader {
    let file = try segment.fileNow(files, layout)
    guard file.byteCount == UInt64(segment.byteCount) else {
      throw StorageError.corrupt(
        file: segment.path, offset: 0, what: "segment length",
        expected: "\(segment.byteCount) bytes", found: "\(file.byteCount)")
    }
    return try SegmentReader(doubting: file)
  }
}

extension RowsetSegment {
  /// The bytes as they are on disk now, without a mapping; those of an inline segment in memory.
  func fileNow(_ files: any FileSystem, _ layout: StoreLayout) throws -> any ReadableFile {
    guard case .inline(let position, let byteCount) = placement else {
      return UnmappedFile(try openFile())
    }
    let log = try files.openForReading(layout.log(position.file), cause: .tool)
    return MemoryFile(path: path, bytes: try log.read(at: position.offset, count: byteCount))
  }
}

/// A file without its mapping, so that every read can fail by itself.
private final class UnmappedFile: ReadableFile {
  private let base: any ReadableFile

  init(_ base: any ReadableFile) { self.base = base }

  var path: String { base.path }
  var byteCount: UInt64 { base.byteCount }
  var mapping: UnsafeRawBufferPointer? { nil }

  func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws {
    try base.read(at: offset, into: buffer)
  }
}
