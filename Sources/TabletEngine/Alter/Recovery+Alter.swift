import SegmentFormat
import StorageBase

// Schema changes that are lost with a damaged log.
extension Recovery {
  /// Whether what a compaction wrote can be read under its table's schema as far as that is known:
  /// one that ran after a schema change that is lost may lack columns, or hold wider ones.
  func canRead(_ compaction: CompactionCommit) throws -> Bool {
    guard let table = catalogue.table(of: compaction.tablet),
      let output = catalogue.tablet(compaction.tablet)?.rowsets
        .first(where: { $0.id == compaction.output.entry.id })
    else { return true }
    return try output.segments.allSatisfy { segment in
      do {
        let found = try segment.reader().schema
        return table.definition.schema.columns.allSatisfy { found.fit(of: $0) != nil }
      } catch is StorageError {
        // Damaged, as a look at the rowset will tell.
        return true
      }
    }
  }
}
