import InvertedIndex
import ScanKernels
import TabletEngine

extension TextAnalyzers {
  /// For columns that no index says anything of.
  public static let standard = TextAnalyzers(fallback: ColumnAnalyzer.standard)
}

extension TableDefinition {
  /// Each indexed column is cut as its index is, other columns as `TextAnalyzers.standard` does.
  public var analyzers: TextAnalyzers {
    TextAnalyzers(
      byColumn: Dictionary(
        uniqueKeysWithValues: indexes.map { ($0.column, ColumnAnalyzer($0.options)) }),
      fallback: ColumnAnalyzer.standard)
  }
}
