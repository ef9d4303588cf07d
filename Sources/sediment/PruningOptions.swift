import ArgumentParser
import IngestDriver
import InvertedIndex
import SegmentFormat
import StorageBase
import TabletEngine

/// The filters and indexes that a new table gets, beside those of the mapping file.
struct PruningOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Gives a new table an inverted index of a column; may be repeated.",
      discussion: "Properties as in Apache Doris: note=parser:english,support_phrase:true",
      valueName: "column[=property:value,...]"))
  var index: [String] = []

  @Option(
    help: ArgumentHelp(
      "Gives a column a Bloom filter, with this share of false positives (0.01).",
      valueName: "column[=rate]"))
  var bloomFilter: [String] = []

  @Option(
    help: ArgumentHelp(
      "Gives a column a Bloom filter of its n-grams, for LIKE '%text%'.",
      valueName: "column=size[:rate]"))
  var ngramFilter: [String] = []

  /// What the options say, over what the mapping says.
  /// - Throws: `StorageError` for an unknown column or property, or a number that is none.
  func adding(
    to mapped: [ColumnID: ColumnPruning], schema: Schema
  ) throws -> [ColumnID: ColumnPruning] {
    var result = mapped
    func change(_ text: String, _ body: (Substring?, inout ColumnPruning) throws -> Void) throws {
      let parts = text.split(separator: "=", maxSplits: 1)
      let column = schema.columns[try schema.requireIndex(of: String(parts.first ?? ""))].id
      try body(parts.count > 1 ? parts[1] : nil, &result[column, default: ColumnPruning()])
    }
    for text in index {
      try change(text) { properties, pruning in
        pruning.index = try Self.indexOptions(properties ?? "")
      }
    }
    for text in bloomFilter {
      try change(text) { rate, pruning in
        pruning.bloomFilterRate = try rate.map(Self.rate) ?? ColumnPruning.defaultRate
      }
    }
    for text in ngramFilter {
      try change(text) { pruned, pruning in
        let numbers = (pruned ?? "").split(separator: ":", maxSplits: 1)
        guard let size = numbers.first.flatMap({ Int($0) }) else {
          throw StorageError.invalidArgument(
            name: "--ngram-filter", value: text, reason: "write COLUMN=SIZE or COLUMN=SIZE:RATE")
        }
        var filter = ColumnPruning.NgramFilter(size: size)
        if numbers.count > 1 { filter.falsePositiveRate = try Self.rate(numbers[1]) }
        pruning.ngramFilter = filter
      }
    }
    return result
  }

  private static func indexOptions(_ text: Substring) throws -> IndexOptions {
    var properties: [String: String] = [:]
    for property in text.split(separator: ",") {
      let parts = property.split(separator: ":", maxSplits: 1)
      guard parts.count == 2 else {
        throw StorageError.invalidArgument(
          name: "--index", value: String(property), reason: "write PROPERTY:VALUE")
      }
      properties[String(parts[0])] = String(parts[1])
    }
    return try IndexOptions(properties: properties)
  }

  private static func rate(_ text: Substring) throws -> Double {
    guard let rate = Double(text) else {
      throw StorageError.invalidArgument(
        name: "false-positive rate", value: String(text), reason: "it must be a number")
    }
    return rate
  }
}

extension TableDefinition {
  /// A table whose columns have these filters and indexes.
  /// - Throws: as the other initializer.
  init(
    name: String, schema: Schema, distribution: [String], bucketCount: Int,
    pruning: [ColumnID: ColumnPruning], durability: Durability,
    uniqueKeys: UniqueKeyOptions? = nil, rowStore: StoredRows? = nil
  ) throws {
    let columns = schema.columns.map { ($0.id, pruning[$0.id] ?? ColumnPruning()) }
    try self.init(
      name: name, schema: schema, distribution: distribution, bucketCount: bucketCount,
      segmentOptions: SegmentOptions(filters: columns.flatMap { $0.1.filters(of: $0.0) }),
      indexes: columns.compactMap { column, pruning in
        pruning.index.map { ColumnIndex(column: column, options: $0) }
      }, durability: durability, uniqueKeys: uniqueKeys, rowStore: rowStore)
  }
}
