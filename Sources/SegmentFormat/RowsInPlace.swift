import CKernels
import ScanKernels
import StorageBase

/// Rows of stores that are read where mappings have them, on their way into a batch. Some are asked
/// for before the first of them is read, so that the memory has time to bring them.
struct RowsInPlace {
  private let rows: UnsafeBufferPointer<UInt32>
  /// By row, its store; nil when all are of one.
  private let numbers: UnsafeBufferPointer<UInt32>?
  /// Held by whoever made this, so that rows cost no references.
  private let stores: UnsafePointer<Unmanaged<RowStoreReader>>

  private static let lookAheadRowCount = 64

  /// Copies the rows behind those of a batch.
  /// - Precondition: each row is one of its store, which is read in place and of the layout of the
  ///   batch.
  /// - Throws: `StorageError.corrupt` for a bad page or row, when some rows may have been copied.
  static func append(
    _ rows: UnsafeBufferPointer<UInt32>, numbers: UnsafeBufferPointer<UInt32>?,
    of stores: [RowStoreReader], to batch: RowBatch
  ) throws {
    try withExtendedLifetime(stores) {
      try withUnsafeTemporaryAllocation(
        of: Unmanaged<RowStoreReader>.self, capacity: stores.count
      ) { held in
        _ = held.initialize(from: stores.lazy.map { Unmanaged.passUnretained($0) })
        guard let base = held.baseAddress else { return }
        try RowsInPlace(rows: rows, numbers: numbers, stores: UnsafePointer(base)).append(to: batch)
      }
    }
  }

  private func append(to batch: RowBatch) throws {
    let step = min(Self.lookAheadRowCount, rows.count)
    guard step > 0 else { return }
    try withUnsafeTemporaryAllocation(of: RowPage.self, capacity: step) { pages in
      try withUnsafeTemporaryAllocation(of: UnsafeRawBufferPointer.self, capacity: step) { found in
        guard let pages = pages.baseAddress, let found = found.baseAddress else { return }
        for start in stride(from: 0, to: rows.count, by: step) {
          let chunk = start..<min(rows.count, start + step)
          try find(chunk, pages, found)
          try copy(chunk, found, to: batch)
        }
      }
    }
  }

  @inline(__always)
  private func withStore<R>(
    of index: Int, _ body: (RowStoreReader) throws -> R
  ) rethrows -> R {
    try stores[numbers.map { Int($0[index]) } ?? 0]._withUnsafeGuaranteedRef(body)
  }

  /// Where rows lie: first asks for the ends in their pages, then for the rows.
  private func find(
    _ chunk: Range<Int>, _ pages: UnsafeMutablePointer<RowPage>,
    _ found: UnsafeMutablePointer<UnsafeRawBufferPointer>
  ) throws {
    for index in chunk {
      let row = Int(rows[index])
      try withStore(of: index) { store in
        precondition(row < store.rowCount, "a row that is none of its store")
        let number = store.directory.page(of: row)
        guard let page = try store.directPage(number) else {
          preconditionFailure("a page that is not read in place")
        }
        (pages + (index &- chunk.lowerBound)).initialize(to: page)
        ck_prefetch(page.endPlace(before: row &- Int(store.directory.firstRows[number])))
      }
    }
    for index in chunk {
      let row = Int(rows[index])
      let place = index &- chunk.lowerBound
      try withStore(of: index) { store in
        let number = store.directory.page(of: row)
        guard let bytes = pages[place].row(row &- Int(store.directory.firstRows[number])),
          let base = bytes.baseAddress
        else { throw store.corruptRow(row, page: number) }
        ck_prefetch(base)
        ck_prefetch(base + (bytes.count &- 1))
        (found + place).initialize(to: bytes)
      }
    }
  }

  private func copy(
    _ chunk: Range<Int>, _ found: UnsafePointer<UnsafeRawBufferPointer>, to batch: RowBatch
  ) throws {
    var total = 0
    for index in 0..<chunk.count { total &+= found[index].count }
    var place = batch.extend(rows: chunk.count, byteCount: total) { start, starts, lengths in
      var next = start
      for index in 0..<chunk.count {
        starts[index] = next
        lengths[index] = UInt32(truncatingIfNeeded: found[index].count)
        next &+= found[index].count
      }
    }
    for index in 0..<chunk.count {
      guard let source = found[index].baseAddress else { continue }
      let count = found[index].count
      place.copyMemory(from: source, byteCount: count)
      let copy = UnsafeRawBufferPointer(start: place, count: count)
      guard RowView(checking: copy, batch.layout) != nil else {
        let row = Int(rows[chunk.lowerBound + index])
        throw withStore(of: chunk.lowerBound + index) { store in
          store.corruptRow(row, page: store.directory.page(of: row))
        }
      }
      place += count
    }
  }
}
