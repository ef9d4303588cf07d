import CKernels
import ScanKernels
import StorageBase

extension RowStoreReader {
  /// Rows whose places are looked up before the first of them is read, so that the memory has time
  /// to bring them.
  private static let lookAheadRowCount = 64

  /// Copies rows into a batch, in the order given, in place of what it held. Each page that is not
  /// read in place is read once.
  /// - Parameter rows: in any order, with repetitions if need be.
  /// - Precondition: each row is in `0..<rowCount`, and the batch is of a compatible layout.
  /// - Throws: `StorageError.corrupt` for a bad page or row, or what the file throws; the batch is
  ///   empty then.
  public func read(rows: [UInt32], into batch: RowBatch, cache: RowPageCache? = nil) throws {
    batch.removeAll()
    try append(rows: rows, to: batch, cache: cache)
  }

  /// As `read`, behind the rows the batch holds.
  public func append(rows: [UInt32], to batch: RowBatch, cache: RowPageCache? = nil) throws {
    precondition(batch.layout.isCompatible(with: layout), "a batch of another layout")
    precondition(rows.allSatisfy { $0 < rowCount }, "a row is outside 0..<\(rowCount)")
    do {
      if mapping != nil, !directory.isCompressed.contains(true) {
        try rows.withUnsafeBufferPointer { try appendInPlace($0, to: batch) }
      } else {
        try appendByPage(rows, to: batch, cache: cache)
      }
    } catch {
      batch.removeAll()
      throw error
    }
  }

  private func appendInPlace(
    _ rows: UnsafeBufferPointer<UInt32>, to batch: RowBatch
  ) throws {
    let step = Self.lookAheadRowCount
    try withUnsafeTemporaryAllocation(of: RowPage.self, capacity: step) { pages in
      try withUnsafeTemporaryAllocation(of: UnsafeRawBufferPointer.self, capacity: step) { found in
        for start in stride(from: 0, to: rows.count, by: step) {
          let chunk = UnsafeBufferPointer(rebasing: rows[start..<min(rows.count, start + step)])
          try findInPlace(chunk, pages.baseAddress!, found.baseAddress!)
          try append(chunk, found.baseAddress!, to: batch)
        }
      }
    }
  }

  /// Where rows lie: first asks for the ends in their pages, then for the rows.
  private func findInPlace(
    _ rows: UnsafeBufferPointer<UInt32>, _ pages: UnsafeMutablePointer<RowPage>,
    _ found: UnsafeMutablePointer<UnsafeRawBufferPointer>
  ) throws {
    for index in 0..<rows.count {
      let row = Int(rows[index])
      let number = directory.page(of: row)
      guard let page = try directPage(number) else { preconditionFailure("a compressed page") }
      (pages + index).initialize(to: page)
      ck_prefetch(page.endPlace(before: row &- Int(directory.firstRows[number])))
    }
    for index in 0..<rows.count {
      let row = Int(rows[index])
      let number = directory.page(of: row)
      guard let bytes = pages[index].row(row &- Int(directory.firstRows[number])) else {
        throw corruptRow(row, page: number)
      }
      ck_prefetch(bytes.baseAddress)
      ck_prefetch(bytes.baseAddress! + (bytes.count &- 1))
      (found + index).initialize(to: bytes)
    }
  }

  private func append(
    _ rows: UnsafeBufferPointer<UInt32>, _ found: UnsafePointer<UnsafeRawBufferPointer>,
    to batch: RowBatch
  ) throws {
    var total = 0
    for index in 0..<rows.count { total &+= found[index].count }
    var place = batch.extend(rows: rows.count, byteCount: total) { start, starts, lengths in
      var next = start
      for index in 0..<rows.count {
        starts[index] = next
        lengths[index] = UInt32(truncatingIfNeeded: found[index].count)
        next &+= found[index].count
      }
    }
    for index in 0..<rows.count {
      let count = found[index].count
      place.copyMemory(from: found[index].baseAddress!, byteCount: count)
      let copy = UnsafeRawBufferPointer(start: place, count: count)
      guard RowView(checking: copy, layout) != nil else {
        let row = Int(rows[index])
        throw corruptRow(row, page: directory.page(of: row))
      }
      place += count
    }
  }

  /// Page after page; rows get the places that were asked for.
  private func appendByPage(
    _ rows: [UInt32], to batch: RowBatch, cache: RowPageCache?
  ) throws {
    let order = rows.indices.sorted { rows[$0] < rows[$1] }
    let first = batch.reserve(rows: rows.count)
    var next = 0
    while next < order.count {
      let number = directory.page(of: Int(rows[order[next]]))
      let range = Int(directory.firstRows[number])..<Int(directory.firstRows[number + 1])
      let start = next
      while next < order.count, Int(rows[order[next]]) < range.upperBound { next += 1 }
      let copy = { (page: RowPage) in
        for index in order[start..<next] {
          let row = Int(rows[index])
          let view = try self.view(page.row(row - range.lowerBound), page: number, row: row)
          batch.fill(row: first + index, view.bytes)
        }
      }
      if let page = try directPage(number) {
        try copy(page)
      } else {
        try withPage(number, cache: cache, copy)
      }
    }
  }
}
