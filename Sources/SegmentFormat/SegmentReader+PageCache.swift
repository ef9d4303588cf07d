import ScanKernels
import StorageBase

// Pages for queries: decoded as narrow as they are stored, and kept by the cache of the store.
extension SegmentReader {
  /// As `readPage(column:page:form:rows:work:)` in narrow form, from the cache if it is there. What
  /// the cache has costs no stored and no decoded bytes.
  public func queriedPage(
    column: Int, page: Int, work: inout PageWork
  ) throws -> ColumnVector {
    guard let cache = pageCache, cache.isEnabled else {
      return try readPage(column: column, page: page, form: .narrow, work: &work)
    }
    let key = ColumnPageCache.Key(segment: identity, column: column, page: page)
    if let known = cache.page(key) {
      noteCached(known, &work)
      return known
    }
    let vector = try readPage(column: column, page: page, form: .narrow, work: &work)
    if cache.admits(key) { cache.keep(vector, as: key) }
    return vector
  }

  /// The same of some rows of the page, in this order. A page that is asked for again is decoded
  /// whole, once.
  public func queriedPage(
    column: Int, page: Int, rows: [UInt32], work: inout PageWork
  ) throws -> ColumnVector {
    guard let cache = pageCache, cache.isEnabled else {
      return try readPage(column: column, page: page, form: .narrow, rows: rows, work: &work)
    }
    let key = ColumnPageCache.Key(segment: identity, column: column, page: page)
    if let known = cache.page(key) {
      noteCached(known, &work)
      return known.gather(rows)
    }
    guard cache.admits(key) else {
      return try readPage(column: column, page: page, form: .narrow, rows: rows, work: &work)
    }
    let vector = try readPage(column: column, page: page, form: .narrow, work: &work)
    cache.keep(vector, as: key)
    return vector.gather(rows)
  }

  /// Puts a page into the cache before anybody has asked for it.
  /// - Returns: the bytes of its values; 0 when nothing is kept.
  public func warmPage(column: Int, page: Int) throws -> Int {
    guard let cache = pageCache, cache.isEnabled else { return 0 }
    let key = ColumnPageCache.Key(segment: identity, column: column, page: page)
    var work = PageWork()
    let vector = try readPage(column: column, page: page, form: .narrow, work: &work)
    cache.keep(vector, as: key)
    return vector.byteCount
  }

  private func noteCached(_ vector: ColumnVector, _ work: inout PageWork) {
    work.pages += 1
    work.rows += vector.count
  }
}
