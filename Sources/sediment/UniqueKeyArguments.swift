import ArgumentParser
import IngestDriver
import StorageBase
import TabletEngine

extension UniqueKeyOptions.Merge: ExpressibleByArgument {}
extension UniqueKeyOptions.Index: ExpressibleByArgument {}
extension PartialUpdate.Strategy: ExpressibleByArgument {}

/// How a new table keeps rows of one key unique, over what the mapping says.
struct UniqueKeyArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Makes the keys of a new table unique: rows of one key replace each other.",
      valueName: "column,..."))
  var uniqueKey: String?

  @Option(help: "When they do: on-write, so that reads are fast, or on-read, so that loads are.")
  var merge: UniqueKeyOptions.Merge?

  @Option(help: "What finds the row of a key: hash, in memory, or sorted, on disk.")
  var keyIndex: UniqueKeyOptions.Index?

  @Option(help: "The column whose greater value wins; without it the row that is loaded later.")
  var sequenceColumn: String?

  @Option(
    help: "How partial loads store rows that are there: rewrite, whole, or delta, what is given.")
  var partialUpdates: PartialUpdate.Strategy?

  @Option(
    help: ArgumentHelp(
      "Columns that a new table keeps row by row as well, for look-ups by key.",
      valueName: "all|column,..."))
  var rowStore: String?

  func validate() throws {
    let isAlone =
      merge != nil || keyIndex != nil || sequenceColumn != nil || partialUpdates != nil
    guard uniqueKey != nil || !isAlone else {
      throw ValidationError(
        "--merge, --key-index, --sequence-column and --partial-updates need --unique-key")
    }
  }

  /// Whether anything is said.
  var isEmpty: Bool { uniqueKey == nil && rowStore == nil }

  /// The mapping with what the options say.
  func applied(to mapping: InputMapping) throws -> InputMapping {
    guard !isEmpty else { return mapping }
    let rows: InputMapping.RowStore? = rowStore.map { text in
      text == "all" ? .all : .columns(Self.names(text))
    }
    guard uniqueKey != nil || mapping.uniqueKeys != nil else {
      throw StorageError.invalidArgument(
        name: "--row-store", value: rowStore ?? "",
        reason: "rows are looked up by unique keys; add --unique-key")
    }
    var options = mapping.uniqueKeys ?? UniqueKeyOptions()
    if let merge { options.merge = merge }
    if let keyIndex { options.index = keyIndex }
    if let partialUpdates { options.partialUpdates = partialUpdates }
    if let sequenceColumn { options.sequenceColumn = sequenceColumn }
    return try mapping.keyed(by: uniqueKey.map(Self.names), options, rowStore: rows)
  }

  static func names(_ text: String) -> [String] {
    text.split(separator: ",").map { String($0).trimmed }
  }
}

extension String {
  fileprivate var trimmed: String {
    String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }
}
