import SegmentFormat
import StorageBase

/// Reads the pages of a compaction's output that take the place of pages of its inputs which
/// queries have in the cache, before the output is swapped in: so a swap is no moment at which all
/// queries miss. Thread-safe.
///
/// Which pages these are follows from the keys: rows of the output have the keys of the inputs, so
/// a hot page of an input, of keys from a to b, is now in the pages of the output from a to b.
/// Pages of inputs that span few pages of the output come first, and as many pages are warmed as
/// the inputs had in the cache, and a quarter more.
struct CacheWarming {
  let cache: ColumnPageCache
  let definition: TableDefinition

  private struct Target {
    let segment: Int
    let column: Int
    let pages: Range<Int>
  }

  /// - Returns: how many pages were put into the cache.
  func warm(_ output: Rowset, insteadOf inputs: [Rowset]) -> Int {
    // What cannot be read fails the query that needs it, not the merge.
    do { return try warmPages(output, insteadOf: inputs) } catch { return 0 }
  }

  private func warmPages(_ output: Rowset, insteadOf inputs: [Rowset]) throws -> Int {
    guard cache.byteCountMax > 0 else { return 0 }
    let segments = inputs.flatMap(\.segments)
    let byIdentity = Dictionary(uniqueKeysWithValues: segments.map { ($0.identity, $0) })
    let hot = cache.keys(ofSegments: Set(byIdentity.keys))
    guard !hot.isEmpty else { return 0 }
    let outputs = try output.segments.map { try $0.reader() }
    var targets: [Target] = []
    for key in hot {
      guard let segment = byIdentity[key.segment] else { continue }
      targets += try self.targets(ofPage: key, of: segment.reader(), in: outputs)
    }
    // An order that depends on nothing but the pages.
    targets.sort {
      ($0.pages.count, $0.segment, $0.column, $0.pages.lowerBound)
        < ($1.pages.count, $1.segment, $1.column, $1.pages.lowerBound)
    }
    return try warm(targets, of: outputs, pageCountMax: hot.count + hot.count / 4)
  }

  /// The pages of the output with the keys of a page.
  private func targets(
    ofPage key: ColumnPageCache.Key, of reader: SegmentReader, in outputs: [SegmentReader]
  ) throws -> [Target] {
    let zone = try reader.zoneMap(column: 0, page: key.page)
    // Nulls come before all values.
    let low = zone.nullCount > 0 ? [] : [zone.min]
    let high = zone.isAllNull || zone.isMaxOpen ? [] : [zone.max]
    let id = reader.schema.columns[key.column].id
    return try outputs.indices.compactMap { index in
      guard let column = outputs[index].schema.index(of: id) else { return nil }
      let pages = try outputs[index].pageRange(from: low, through: high)
      return pages.isEmpty ? nil : Target(segment: index, column: column, pages: pages)
    }
  }

  private func warm(
    _ targets: [Target], of outputs: [SegmentReader], pageCountMax: Int
  ) throws -> Int {
    var warmed: Set<[Int]> = []
    var byteCount = 0
    for target in targets {
      for page in target.pages {
        guard warmed.count < pageCountMax, byteCount < cache.byteCountMax / 4 else {
          return warmed.count
        }
        guard warmed.insert([target.segment, target.column, page]).inserted else { continue }
        byteCount += try outputs[target.segment].warmPage(column: target.column, page: page)
      }
    }
    return warmed.count
  }
}
