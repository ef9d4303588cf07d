import ScanKernels
import SegmentFormat
import StorageBase

/// How rows of equal keys become one in a merge.
struct UniqueMerge {
  /// The column whose greater value wins; the later input when it is nil or equal.
  let sequence: Column?
  /// Whether a deletion that wins stays in the output: as long as there may be older rows of its
  /// key elsewhere, or older ones may yet come.
  let keepsDeleteSigns: Bool
  /// Whether deletions that are marked deleted still take part: with a sequence column they decide
  /// about rows that arrive later.
  let revivesDeleteSigns: Bool

  /// - Parameter isBase: whether nothing is older than the inputs.
  init(_ options: UniqueKeyOptions, schema: Schema, isBase: Bool) throws {
    sequence = try options.sequenceColumn.map { schema.columns[try schema.requireIndex(of: $0)] }
    switch options.merge {
    case .onWrite:
      keepsDeleteSigns = !isBase && sequence != nil
      revivesDeleteSigns = keepsDeleteSigns
    case .onRead:
      keepsDeleteSigns = !isBase
      revivesDeleteSigns = false
    }
  }

  /// Of segments of one load: deletions stay, whatever else there is.
  init(joiningLoadWith options: UniqueKeyOptions, schema: Schema) throws {
    sequence = try options.sequenceColumn.map { schema.columns[try schema.requireIndex(of: $0)] }
    keepsDeleteSigns = true
    revivesDeleteSigns = false
  }

  /// Of all rows of a tablet, for readers: deletions do not show.
  init(readingWith options: UniqueKeyOptions, schema: Schema) throws {
    try self.init(options, schema: schema, isBase: true)
  }
}

/// What a unique merge asks of the rows of one page beside their keys. Immutable.
final class MergeVersions {
  /// `SequenceCodes` by row.
  let sequences: UnsafePointer<UInt64>?
  /// By row, not zero for a deletion.
  let deleteSigns: UnsafePointer<Int8>?
  private let buffers: [AlignedBuffer]

  init(sequences column: ColumnVector?, deleteSigns signs: ColumnVector?) {
    var buffers: [AlignedBuffer] = []
    sequences = column.map { column in
      let buffer = SequenceCodes.codes(of: column)
      buffers.append(buffer)
      return buffer.values(as: UInt64.self).baseAddress!
    }
    deleteSigns = signs.map { signs in
      let buffer = AlignedBuffer(byteCount: signs.count)
      let target = buffer.mutableValues(as: Int8.self)
      _ = target.update(fromContentsOf: signs.values(as: Int8.self))
      buffers.append(buffer)
      return UnsafePointer(target.baseAddress!)
    }
    self.buffers = buffers
  }
}
