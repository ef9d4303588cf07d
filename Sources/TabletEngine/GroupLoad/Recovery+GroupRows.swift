import ScanKernels
import StorageBase
import StorageIO
import TabletModel

// Rows of group loads that were promised and are not visible.
extension Recovery {
  mutating func apply(_ record: GroupRowsRecord) throws {
    var section =
      groupRows[record.table]
      ?? GroupRowsSection(table: record.table, nextOrdinal: 0, records: [])
    guard catalogue.tables[record.table] != nil, record.ordinal == section.nextOrdinal else {
      throw EditRefusal(
        "group rows \(record.ordinal) of table \(record.table), expected \(section.nextOrdinal)")
    }
    section.records.append(record)
    section.nextOrdinal += 1
    groupRows[record.table] = section
  }

  /// Records that no commit contains, by table and in order.
  var waitingGroupRows: [GroupRowsRecord] {
    groupRows.values.sorted { $0.table < $1.table }.flatMap(\.records)
  }

  /// For a checkpoint.
  var groupRowsSections: [GroupRowsSection] { groupRows.values.sorted { $0.table < $1.table } }

  /// The rows, read back, due at once.
  mutating func groupLoads(at now: Timestamp) throws -> [TableID: GroupLoadBuffer] {
    var buffers: [TableID: GroupLoadBuffer] = [:]
    for (id, section) in groupRows {
      var buffer = GroupLoadBuffer()
      buffer.nextOrdinal = section.nextOrdinal
      for record in section.records {
        if toleratesLostInlineBytes, try damage(of: record) != nil { continue }
        let entry = GroupLoadEntry(batch: try rows(of: record), record: record, ticket: nil)
        buffer.records.append(record)
        buffer.append(entry, deadline: now)
      }
      buffers[id] = buffer
    }
    return buffers
  }

  /// The rows of a record, read back.
  mutating func rows(of record: GroupRowsRecord) throws -> ColumnBatch {
    guard let table = catalogue.tables[record.table] else {
      throw unfitting("group rows of table \(record.table), which does not exist")
    }
    let place = record.position
    let bytes = try log(place.file).read(at: place.offset, count: record.byteCount)
    return try GroupRowsCodec.decode(
      bytes, of: table.definition, path: "\(layout.log(place.file))@\(place.offset)")
  }

  /// Why a record cannot be read; nil for a sound one.
  /// - Throws: what is wrong at a first look and not, or not the same, at the second.
  mutating func damage(of record: GroupRowsRecord) throws -> StorageError? {
    guard let first = try firstDamage(of: record) else { return nil }
    closeLog(record.position.file)
    guard try firstDamage(of: record) == first else { throw first }
    return first
  }

  private mutating func firstDamage(of record: GroupRowsRecord) throws -> StorageError? {
    do {
      _ = try rows(of: record)
      return nil
    } catch let error as StorageError {
      // What a later program has written is not damaged.
      if case .unsupportedFormat = error { throw error }
      return error
    }
  }

  /// What is wrong with records, in words.
  mutating func groupRowProblems() -> [String] {
    waitingGroupRows.compactMap { record in
      do {
        _ = try rows(of: record)
        return nil
      } catch {
        return "promised rows \(record.ordinal) of table \(record.table): \(error)"
      }
    }
  }
}
