import ArgumentParser
import SegmentFormat
import StorageBase
import TabletEngine

struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Shows the tablets, rowsets, segments and pages of a store.",
    discussion: """
      EXAMPLES
        sediment inspect DIR
        sediment inspect DIR --sizes
        sediment inspect DIR --table orders --columns
        sediment inspect DIR --table orders --pages | less
      """)

  @OptionGroup var store: StoreArgument

  @Option(help: "Only this table.")
  var table: String?

  @Flag(help: "Shows, instead of the tablets, what every column takes and in which encodings.")
  var sizes = false

  @Flag(help: "Adds the columns of every segment: sizes and encodings.")
  var columns = false

  @Flag(help: "Adds every page: offset, encoding, compression, sizes, smallest and greatest value.")
  var pages = false

  func run() throws {
    let opened = store.open()
    do {
      let tables = try table.map { [try opened.snapshot(of: $0)] } ?? opened.snapshot()
      for table in tables { try show(table) }
      if tables.isEmpty { print("the store has no tables") }
    } catch {
      fail(error, code: 66)
    }
  }

  private func show(_ table: TableSnapshot) throws {
    let definition = table.definition
    let schema = definition.schema
    print(
      "table \(definition.name): \(table.rowCount) rows, \(definition.bucketCount) tablets by "
        + definition.distribution.map { schema.columns[$0].name }.joined(separator: ", ")
        + ", schema version \(definition.schemaVersion)")
    for (index, column) in schema.columns.enumerated() {
      let kind = definition.uniqueKeys == nil ? "sort key" : "key"
      let key = index < schema.sortKeyCount ? ", \(kind) \(index + 1)" : ""
      print(
        "  column \(column.name) \(column.type)\(column.isNullable ? " nullable" : "")\(key)"
          + (column.defaultValue.map { $0.isNull ? "" : ", default \(column.type.format($0))" }
            ?? "")
          + pruning(of: index, definition))
    }
    for line in definition.keyLines { print("  \(line)") }
    showHistory(of: table)
    if sizes {
      for line in try ColumnSizes(of: table).lines() { print(line) }
      return
    }
    for tablet in table.tablets {
      show(tablet, hasUniqueKeys: definition.uniqueKeys != nil)
    }
  }

  /// Which of its states a query may ask for.
  private func showHistory(of table: TableSnapshot) {
    let ranges = table.heldSequences.map { range in
      let end = range.upperBound == .max ? "now" : "\(range.upperBound)"
      let since = table.committedAt(sequence: range.lowerBound)
        .map { " (\(formatDatetime($0.rawValue)) UTC)" }
      return "\(range.lowerBound)\(since ?? "") to \(end)"
    }
    print("  readable AS OF versions " + ranges.joined(separator: ", "))
  }

  private func pruning(of column: Int, _ definition: TableDefinition) -> String {
    var parts: [String] = []
    if let options = definition.index(ofColumn: column)?.options {
      parts.append(
        "index (parser \(options.parser.name)" + (options.lowerCase ? ", lower case" : "")
          + (options.supportPhrase ? ", phrases" : "") + ")")
    }
    for filter in definition.segmentOptions.filters
    where filter.column == definition.schema.columns[column].id {
      switch filter.content {
      case .values: parts.append("Bloom filter (\(filter.falsePositiveRate))")
      case .ngrams(let size):
        parts.append("\(size)-gram filter (\(filter.falsePositiveRate))")
      }
    }
    return parts.map { ", " + $0 }.joined()
  }

  private func show(_ tablet: TabletSnapshot, hasUniqueKeys: Bool) {
    print(
      "  tablet \(tablet.id): version \(tablet.version), \(tablet.rowsets.count) rowsets, "
        + "\(tablet.rowCount) rows, \(tablet.byteCount) bytes, cumulative point "
        + "\(tablet.state.cumulativePoint), \(tablet.state.stale.count) stale rowsets, "
        + "\(tablet.state.readableVersions.count) readable versions")
    if hasUniqueKeys { print("    \(tablet.keyLine)") }
    for rowset in tablet.rowsets {
      let summary = rowset.summary
      print(
        "    rowset \(rowset.id) \(summary.versions): \(summary.rowCount) rows, "
          + "\(summary.byteCount) bytes, merged \(summary.mergeDepth) times"
          + (summary.segmentsOverlap ? ", segments overlap" : ""))
      for segment in rowset.segments { show(segment, as: "segment") }
      for delta in rowset.deltas { show(delta, as: "delta") }
    }
  }

  private func show(_ segment: RowsetSegment, as kind: String) {
    print("      \(kind) \(segment.path)\(segment.isInline ? " (inline)" : "")")
    guard columns || pages else { return }
    do {
      let description = try segment.reader().describe()
      print(
        "        \(description.rowCount) rows in pages of \(description.rowsPerPage), "
          + "\(description.byteCount) bytes")
      for column in description.columns { show(column) }
    } catch {
      print("        damaged: \(error)")
    }
  }

  private func show(_ column: SegmentDescription.ColumnDescription) {
    let encodings = Dictionary(grouping: column.pages, by: \.encoding.description)
      .map { "\($0.key) x \($0.value.count)" }.sorted().joined(separator: ", ")
    let stored = column.pages.reduce(0) { $0 + $1.storedByteCount }
    let raw = column.pages.reduce(0) { $0 + $1.rawByteCount }
    print(
      "        \(column.column.name): \(stored) bytes, \(raw) before compression, \(encodings)"
        + (column.filterByteCount > 0 ? ", filters \(column.filterByteCount) bytes" : "")
        + (column.indexByteCount > 0 ? ", index \(column.indexByteCount) bytes" : ""))
    guard pages else { return }
    let type = column.column.type
    for (ordinal, page) in column.pages.enumerated() {
      let zone = page.zoneMap
      print(
        "          page \(ordinal) at \(page.offset): \(page.rowCount) rows, \(page.encoding), "
          + "\(page.compression), \(page.storedByteCount) of \(page.rawByteCount) bytes, "
          + "\(zone.nullCount) nulls, [\(type.format(zone.min)), \(type.format(zone.max))]")
    }
  }
}
