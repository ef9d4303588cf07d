import SegmentFormat
import StorageBase

extension TableDefinition {
  /// The schema of a delta: the key columns and these.
  func deltaSchema(_ columns: [Column]) throws -> Schema {
    try Schema(
      columns: schema.columns[..<schema.sortKeyCount] + columns, sortKeyCount: schema.sortKeyCount,
      keysModel: schema.keysModel)
  }

  /// How deltas are written: nobody looks for their rows, so they have neither filters nor indexes.
  var deltaOptions: SegmentOptions {
    SegmentOptions(
      rowsPerPage: segmentOptions.rowsPerPage, compression: segmentOptions.compression,
      hasShortKeyIndex: false)
  }
}
