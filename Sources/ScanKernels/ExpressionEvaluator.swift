import CKernels
import StorageBase

/// Computes an expression over pages, a vector at a time, into buffers that are used again. One per
/// scanning thread; a result is valid until the next page.
///
/// The bounds of the columns of a page tell how wide its values can get: what is computed from
/// offsets and fits 32 bits without a sign is computed in 32, what fits 64 bits in 64, and all else
/// in 128 bits with checks.
struct ExpressionEvaluator {
  let expression: BoundExpression
  private let floating: FloatingEvaluator?
  private var buffers: [AlignedBuffer] = []
  /// Of the page at hand.
  private var vectors: PageVectors
  private var proof: IntervalProof
  private var rowCount = 0

  /// The values of a node, in a buffer or in a column.
  private enum Operand {
    case narrow(UnsafePointer<UInt32>)
    case wide(UnsafePointer<Int64>)
  }

  init(_ expression: BoundExpression) {
    self.expression = expression
    vectors = PageVectors(expression.columns)
    proof = IntervalProof(columns: expression.columns)
    floating = expression.root == nil ? FloatingEvaluator(expression) : nil
  }

  /// A vector of `decimal(18, s)`, `decimal(38, s)` or `double`; null rows hold zero.
  ///
  /// - Parameter selection: only these rows (nil: all) need be right.
  /// - Parameter bounds: what is known of a column of the page, nil for nothing.
  /// - Parameter column: may give narrow vectors, and the result may be one.
  /// - Throws: what the closures throw, and `StorageError.limitExceeded` when a selected row does
  ///   not fit 38 digits.
  mutating func evaluate(
    rowCount: Int, selection: Bitmap?, bounds: (Int) throws -> ValueBounds?,
    column: (Int) throws -> ColumnVector
  ) throws -> ColumnVector {
    defer { vectors.removeAll() }
    var nulls: Bitmap?
    try vectors.read { index in
      let vector = try column(index)
      guard let more = vector.nulls else { return vector }
      let union = nulls ?? Bitmap(count: rowCount)
      union.formUnion(more)
      nulls = union
      return vector
    }
    self.rowCount = rowCount
    guard let root = expression.root else {
      let body = floating?.evaluate(vectors.widened(), rowCount: rowCount, nulls: nulls)
      guard let body else { preconditionFailure("an expression without exact form is floating") }
      return ColumnVector(type: .double, count: rowCount, body: .fixed(body), nulls: nulls)
    }
    guard case .decimal(_, let scale) = expression.type else {
      preconditionFailure("an exact expression is a decimal")
    }
    try proof.measure(vectors, bounds: bounds)
    guard let range = proof.range(of: root) else {
      var rows = Bitmap.present(selection, nulls)
      if rows == nil { rows = .full(count: rowCount) }
      let wide = WideEvaluator(
        vectors: vectors.widened(), rowCount: rowCount, rows: rows?.rowIDs() ?? [])
      return ColumnVector(
        type: .decimal(precision: 38, scale: scale), count: rowCount,
        body: .fixed(try wide.evaluate(root)), nulls: nulls)
    }
    return ColumnVector(
      // Up to 18 digits are stored in 64 bits; the scale may be greater than the digits here.
      type: .decimal(precision: 18, scale: scale), count: rowCount,
      body: body(operand(root, slot: 0), range, nulls), nulls: nulls)
  }

  private mutating func body(
    _ operand: Operand, _ range: ClosedRange<Int128>, _ nulls: Bitmap?
  ) -> ColumnVector.Body {
    let result = slot(0)
    if case .narrow(let values) = operand, nulls == nil {
      let lanes = result.mutableValues(as: UInt32.self)
      if let start = lanes.baseAddress, start != values {
        start.update(from: values, count: rowCount)
      }
      let offsets = OffsetVector(
        lanes: result, laneWidth: .four, base: 0, laneMax: UInt32(range.upperBound))
      if let offsets { return .offsets(offsets) }
    }
    let values = wide(operand, slot: 1)
    let target = result.mutableValues(as: Int64.self)
    if let start = target.baseAddress, start != values {
      start.update(from: values, count: rowCount)
    }
    nulls?.forEachSet { target[$0] = 0 }
    return .fixed(result)
  }

  private mutating func slot(_ index: Int) -> AlignedBuffer {
    while buffers.count <= index { buffers.append(AlignedBuffer(byteCount: rowCount * 8)) }
    // One of a longer page does as well.
    if buffers[index].byteCount < rowCount * 8 {
      buffers[index] = AlignedBuffer(byteCount: rowCount * 8)
    }
    return buffers[index]
  }

  private mutating func narrowSlot(_ index: Int) -> UnsafeMutablePointer<UInt32> {
    address(slot(index).mutableValues(as: UInt32.self))
  }

  private mutating func wideSlot(_ index: Int) -> UnsafeMutablePointer<Int64> {
    address(slot(index).mutableValues(as: Int64.self))
  }

  private func address<T>(_ buffer: UnsafeMutableBufferPointer<T>) -> UnsafeMutablePointer<T> {
    guard let start = buffer.baseAddress else { preconditionFailure("a buffer has an address") }
    return start
  }

  /// The operand in 64 bits; in the buffer `slot` if it has to be widened.
  private mutating func wide(
    _ operand: Operand, slot: Int
  ) -> UnsafePointer<Int64> {
    switch operand {
    case .wide(let values): return values
    case .narrow(let values):
      let out = wideSlot(slot)
      out.withMemoryRebound(to: UInt64.self, capacity: rowCount) {
        KernelTable.current.arithmetic.affine_u32_u64(values, rowCount, 1, 0, $0)
      }
      return UnsafePointer(out)
    }
  }

  private func isNarrow(_ node: BoundExpression.Node) -> Bool {
    guard let range = proof.range(of: node) else { return false }
    return range.lowerBound >= 0 && range.upperBound <= Int128(UInt32.max)
  }
}

extension ExpressionEvaluator {
  /// The values of a node. Buffers before `slot` are in use.
  private mutating func operand(
    _ node: BoundExpression.Node, slot: Int
  ) -> Operand {
    switch node {
    case .constant(let value):
      if isNarrow(node) {
        let out = narrowSlot(slot)
        out.update(repeating: UInt32(value), count: rowCount)
        return .narrow(UnsafePointer(out))
      }
      let out = wideSlot(slot)
      out.update(repeating: Int64(value), count: rowCount)
      return .wide(UnsafePointer(out))
    case .column(let index):
      return column(index, factor: 1, addend: 0, isNarrow: isNarrow(node), slot: slot)
    case .linear(.column(let index), let factor, let addend):
      return column(
        index, factor: Int64(factor), addend: Int64(addend), isNarrow: isNarrow(node),
        slot: slot)
    case .linear(let inner, let factor, let addend):
      let values = operand(inner, slot: slot)
      return linear(
        values, Int64(factor), Int64(addend), isNarrow: isNarrow(node), slot: slot)
    case .add(let a, let b):
      let (x, y) = (operand(a, slot: slot), operand(b, slot: slot + 1))
      return add(x, y, isNarrow: isNarrow(node), slot: slot)
    case .multiply(let a, let b):
      let (x, y) = (operand(a, slot: slot), operand(b, slot: slot + 1))
      return multiply(x, y, isNarrow: isNarrow(node), slot: slot)
    }
  }

  private mutating func column(
    _ index: Int, factor: Int64, addend: Int64, isNarrow: Bool, slot: Int
  ) -> Operand {
    guard let vector = vectors[index] else {
      preconditionFailure("a column that was not read")
    }
    guard case .offsets(let offsets) = vector.body else {
      return column(vector, factor: factor, addend: addend, slot: slot)
    }
    if isNarrow {
      let out = narrowSlot(slot)
      offsets.write(count: rowCount, scale: factor, offset: addend, into: out)
      return .narrow(UnsafePointer(out))
    }
    let out = wideSlot(slot)
    out.withMemoryRebound(to: UInt64.self, capacity: rowCount) {
      offsets.write(count: rowCount, scale: factor, offset: addend, into: $0)
    }
    return .wide(UnsafePointer(out))
  }

  private mutating func column(
    _ vector: ColumnVector, factor: Int64, addend: Int64, slot: Int
  ) -> Operand {
    let isUnchanged = factor == 1 && addend == 0
    if vector.type.physical == .int64 {
      guard let values = vector.values(as: Int64.self).baseAddress else {
        preconditionFailure("a page has rows")
      }
      return isUnchanged
        ? .wide(values)
        : linear(.wide(values), factor, addend, isNarrow: false, slot: slot)
    }
    let out = wideSlot(slot)
    vector.widen(into: UnsafeMutableBufferPointer(start: out, count: rowCount))
    return isUnchanged
      ? .wide(UnsafePointer(out))
      : linear(.wide(UnsafePointer(out)), factor, addend, isNarrow: false, slot: slot)
  }

  private mutating func linear(
    _ operand: Operand, _ factor: Int64, _ addend: Int64, isNarrow: Bool, slot: Int
  ) -> Operand {
    let kernels = KernelTable.current.arithmetic
    switch operand {
    case .wide(let values):
      let out = wideSlot(slot)
      kernels.linear_i64(values, rowCount, factor, addend, out)
      return .wide(UnsafePointer(out))
    case .narrow(let values) where isNarrow:
      let out = narrowSlot(slot)
      kernels.affine_u32_u32(
        values, rowCount, UInt32(truncatingIfNeeded: factor),
        UInt32(truncatingIfNeeded: addend), out)
      return .narrow(UnsafePointer(out))
    case .narrow:
      let values = wide(operand, slot: slot + 1)
      return linear(.wide(values), factor, addend, isNarrow: false, slot: slot)
    }
  }

  /// - Precondition: `x` is in no buffer after `slot`, `y` in none after `slot + 1`.
  private mutating func add(
    _ x: Operand, _ y: Operand, isNarrow: Bool, slot: Int
  ) -> Operand {
    let kernels = KernelTable.current.arithmetic
    if isNarrow, case .narrow(let a) = x, case .narrow(let b) = y {
      let out = narrowSlot(slot)
      kernels.add_u32(a, b, rowCount, out)
      return .narrow(UnsafePointer(out))
    }
    let (a, b) = (wide(x, slot: slot + 2), wide(y, slot: slot + 3))
    let out = wideSlot(slot)
    kernels.add_i64(a, b, rowCount, out)
    return .wide(UnsafePointer(out))
  }

  /// - Precondition: as of `add`.
  private mutating func multiply(
    _ x: Operand, _ y: Operand, isNarrow: Bool, slot: Int
  ) -> Operand {
    let kernels = KernelTable.current.arithmetic
    if case .narrow(let a) = x, case .narrow(let b) = y {
      if isNarrow {
        let out = narrowSlot(slot)
        kernels.multiply_u32(a, b, rowCount, out)
        return .narrow(UnsafePointer(out))
      }
      // The product of two 32-bit numbers; it fits 63 bits, as the proof says.
      let product = wideSlot(slot + 2)
      product.withMemoryRebound(to: UInt64.self, capacity: rowCount) {
        kernels.multiply_wide_u32(a, b, rowCount, $0)
      }
      buffers.swapAt(slot, slot + 2)
      return .wide(UnsafePointer(product))
    }
    let (a, b) = (wide(x, slot: slot + 2), wide(y, slot: slot + 3))
    let out = wideSlot(slot)
    kernels.multiply_i64(a, b, rowCount, out)
    return .wide(UnsafePointer(out))
  }
}
