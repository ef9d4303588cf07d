import ConfigReading
import InvertedIndex
import Yams

extension MappingReader {
  /// What makes queries look at fewer rows of a column:
  ///
  /// ```yaml
  /// index: true                          # an inverted index of whole values
  /// index: {parser: english, lower_case: true, support_phrase: false, ignore_above: 256}
  /// bloom_filter: true                   # or the share of absent values it lets through: 0.05
  /// ngram_filter: 3                      # bytes of an n-gram
  /// ngram_filter: {size: 3, rate: 0.05}
  /// ```
  mutating func readPruning(_ keys: [String: Node]) -> ColumnPruning {
    var pruning = ColumnPruning()
    if let node = keys["index"], node.bool != false { pruning.index = readIndex(node) }
    if let node = keys["bloom_filter"], node.bool != false {
      pruning.bloomFilterRate = node.bool == true ? ColumnPruning.defaultRate : rate(node)
    }
    if let node = keys["ngram_filter"], node.bool != false {
      pruning.ngramFilter = readNgramFilter(node)
    }
    return pruning
  }

  private mutating func readIndex(_ node: Node) -> IndexOptions? {
    if node.bool == true { return IndexOptions() }
    guard let mapping = node.mapping else {
      complain(
        node, "index is \(shown(node)); expected true or properties such as {parser: english}")
      return nil
    }
    var properties: [String: String] = [:]
    for (key, value) in mapping { properties[key.string ?? ""] = value.string ?? "a list" }
    do {
      return try IndexOptions(properties: properties)
    } catch {
      complain(node, "index: \(error)")
      return nil
    }
  }

  private mutating func readNgramFilter(_ node: Node) -> ColumnPruning.NgramFilter? {
    if let size = node.int { return ColumnPruning.NgramFilter(size: size) }
    guard let keys = members(of: node, among: ["size", "rate"]) else { return nil }
    guard let size = keys["size"]?.int else {
      complain(node, "ngram_filter has no size, such as {size: 3}")
      return nil
    }
    var filter = ColumnPruning.NgramFilter(size: size)
    if let node = keys["rate"], let rate = rate(node) { filter.falsePositiveRate = rate }
    return filter
  }

  private mutating func rate(_ node: Node) -> Double? {
    if let rate = node.float, rate > 0, rate <= 0.5 { return rate }
    complain(node, "a false-positive rate is \(shown(node)); expected more than 0, at most 0.5")
    return nil
  }
}
