import ScanKernels
import StorageBase

extension RowStoreReader {
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
      if isInPlace {
        try rows.withUnsafeBufferPointer { rows in
          try RowsInPlace.append(rows, numbers: nil, of: [self], to: batch)
        }
      } else {
        try appendByPage(rows, to: batch, cache: cache)
      }
    } catch {
      batch.removeAll()
      throw error
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
        let buffer = try pageBuffer(number, cache: cache)
        try withExtendedLifetime(buffer) { try copy(rowPage(number, in: buffer)) }
      }
    }
  }

  /// Copies rows of several stores into a batch, in the order given, behind the rows it holds.
  /// - Parameter numbers: by row, the position of its store among `stores`.
  /// - Precondition: each row is one of its store; the stores are read in place (`isInPlace`), and
  ///   the batch is of a compatible layout.
  /// - Throws: as `read`; the batch is empty then.
  public static func append(
    rows: [UInt32], numbers: [UInt32], of stores: [RowStoreReader], to batch: RowBatch
  ) throws {
    precondition(rows.count == numbers.count, "a store for each row")
    for store in stores {
      precondition(store.isInPlace, "a store that is not read in place")
      precondition(batch.layout.isCompatible(with: store.layout), "a batch of another layout")
    }
    do {
      try rows.withUnsafeBufferPointer { rows in
        try numbers.withUnsafeBufferPointer { numbers in
          try RowsInPlace.append(rows, numbers: numbers, of: stores, to: batch)
        }
      }
    } catch {
      batch.removeAll()
      throw error
    }
  }
}
