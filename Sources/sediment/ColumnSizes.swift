import SegmentFormat
import StorageBase
import TabletEngine

/// What the columns of a table take on disk, over all segments of its tablets, and in which
/// encodings.
struct ColumnSizes {
  /// The pages of one column that are laid out alike.
  private struct Share {
    var pages = 0
    var storedByteCount = 0
    var rawByteCount = 0
  }

  private struct Layout: Hashable {
    var encoding: PageEncoding
    var compression: PageCompression

    var text: String { compression == .none ? "\(encoding)" : "\(encoding) + \(compression)" }
  }

  private let schema: Schema
  private var shares: [[Layout: Share]]
  private let rowCount: Int
  private var byteCount = 0
  private var columnByteCount = 0

  /// - Throws: `StorageError` for a segment that cannot be read.
  init(of table: TableSnapshot) throws {
    schema = table.definition.schema
    shares = schema.columns.map { _ in [:] }
    // Deltas have bytes and no rows of their own.
    rowCount = table.rowCount
    for segment in table.tablets.flatMap(\.rowsets).flatMap(\.allSegments) {
      add(try segment.reader().describe())
    }
  }

  private mutating func add(_ segment: SegmentDescription) {
    byteCount += segment.byteCount
    for column in segment.columns {
      // Columns are known by their id: a segment may be older than the schema.
      guard let index = schema.columns.firstIndex(where: { $0.id == column.column.id }) else {
        continue
      }
      for page in column.pages {
        let layout = Layout(encoding: page.encoding, compression: page.compression)
        var share = shares[index][layout] ?? Share()
        share.pages += 1
        share.storedByteCount += page.storedByteCount
        share.rawByteCount += page.rawByteCount
        shares[index][layout] = share
        columnByteCount += page.storedByteCount
      }
    }
  }

  /// One line a column, the total, and what is not pages.
  func lines() -> [String] {
    var lines = ["  bytes of pages, bits a row, layouts of pages with their bytes"]
    for (column, layouts) in zip(schema.columns, shares) {
      let stored = layouts.values.reduce(0) { $0 + $1.storedByteCount }
      let details = layouts.sorted { $0.value.storedByteCount > $1.value.storedByteCount }
        .map { layout, share in
          let raw =
            share.rawByteCount > share.storedByteCount ? " (before: \(share.rawByteCount))" : ""
          return "\(layout.text) x \(share.pages): \(share.storedByteCount)\(raw)"
        }
      lines.append(line(column.name, stored, details.joined(separator: ", ")))
    }
    lines.append(line("all columns", columnByteCount, ""))
    lines.append(
      "    directories, zone maps, footers and indexes: \(byteCount - columnByteCount) bytes; "
        + "all segments: \(byteCount) bytes, \(rowCount) rows")
    return lines
  }

  private func line(_ name: String, _ bytes: Int, _ details: String) -> String {
    let width = max(11, schema.columns.map(\.name.count).max() ?? 0)
    let tenths = rowCount == 0 ? 0 : bytes * 80 / rowCount
    let bits = "\(tenths / 10).\(tenths % 10)"
    let padded =
      name + String(repeating: " ", count: width - min(width, name.count))
      + trailing("\(bytes)", 13) + trailing(bits, 8)
    return "    \(padded)\(details.isEmpty ? "" : "  \(details)")"
  }

  private func trailing(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(1, width - text.count)) + text
  }
}
