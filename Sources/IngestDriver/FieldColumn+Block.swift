import ScanKernels
import StorageBase

extension FieldColumn {
  /// Appends the field of every row of a block. False when one is malformed; then some may have
  /// been appended.
  func append(_ fields: BlockFields, to builder: ColumnBuilder) -> Bool {
    let first = builder.count
    let isRead =
      type == .string ? appendStrings(fields, to: builder) : appendFixed(fields, to: builder)
    guard isRead else { return false }
    if fields.nullCount > 0 {
      let nulls = fields.nulls
      for row in 0..<fields.count where nulls[row] != 0 { builder.markNull(first + row) }
    }
    return true
  }

  private func appendFixed(_ fields: BlockFields, to builder: ColumnBuilder) -> Bool {
    let target = builder.extend(rowCount: fields.count)
    switch kind {
    case .bool: return readIntegers(fields, as: BoolField(), to: target)
    case .integer(let range):
      return readIntegers(fields, as: IntegerField(range: range), to: target)
    case .decimal64(let precision, let scale):
      return readIntegers(fields, as: DecimalField(precision: precision, scale: scale), to: target)
    case .decimal128(let precision, let scale):
      let field = WideDecimalField(precision: precision, scale: scale)
      return read(fields, as: field, to: target.assumingMemoryBound(to: Int128.self)) { $0 }
    case .float:
      return read(fields, as: FloatField(), to: target.assumingMemoryBound(to: Float.self)) { $0 }
    case .double:
      return read(fields, as: DoubleField(), to: target.assumingMemoryBound(to: Double.self)) { $0 }
    case .date: return readIntegers(fields, as: DateField(), to: target)
    case .compactDate: return readIntegers(fields, as: CompactDateField(), to: target)
    case .datetime: return readIntegers(fields, as: DatetimeField(), to: target)
    case .epoch(let unit): return readIntegers(fields, as: EpochField(unit: unit), to: target)
    case .string: preconditionFailure("strings have no fixed width")
    }
  }

  /// Values that the column's type holds without loss.
  private func readIntegers<Field: BlockField>(
    _ fields: BlockFields, as field: Field, to target: UnsafeMutableRawPointer
  ) -> Bool where Field.Value == Int64 {
    func read<T: FixedWidthInteger & BitwiseCopyable>(as narrow: T.Type) -> Bool {
      self.read(fields, as: field, to: target.assumingMemoryBound(to: T.self)) {
        T(truncatingIfNeeded: $0)
      }
    }
    switch type.physical {
    case .int8: return read(as: Int8.self)
    case .int16: return read(as: Int16.self)
    case .int32: return read(as: Int32.self)
    case .int64: return read(as: Int64.self)
    case .int128, .float32, .float64, .bytes: preconditionFailure("\(type) is no such integer")
    }
  }

  /// Sets a value for every row, 0 for a null; false at the first malformed field.
  @inline(__always)
  private func read<Field: BlockField, T: Numeric & BitwiseCopyable>(
    _ fields: BlockFields, as field: Field, to target: UnsafeMutablePointer<T>,
    _ narrowed: (Field.Value) -> T
  ) -> Bool {
    let (text, starts, lengths, count) = (fields.text, fields.starts, fields.lengths, fields.count)
    let hasNulls = fields.nullCount > 0
    let nulls = fields.nulls
    for row in 0..<count {
      let start = text + Int(starts[row])
      let length = Int(lengths[row])
      if let value = field.plainValue(start, length) {
        target[row] = narrowed(value)
        continue
      }
      if hasNulls && nulls[row] != 0 { continue }
      guard length > 0 else { return false }
      do throws(TextProblem) {
        target[row] = narrowed(
          try field.value(UnsafeRawBufferPointer(start: start, count: length)))
      } catch { return false }
    }
    if hasNulls {
      for row in 0..<count where nulls[row] != 0 { target[row] = 0 }
    }
    return true
  }

  private func appendStrings(_ fields: BlockFields, to builder: ColumnBuilder) -> Bool {
    let (text, starts, lengths, count) = (fields.text, fields.starts, fields.lengths, fields.count)
    if fields.nullCount > 0 {
      let nulls = fields.nulls
      for row in 0..<count where nulls[row] != 0 { lengths[row] = 0 }
    }
    var byteCount = 0
    var longest: UInt32 = 0
    for row in 0..<count {
      byteCount &+= Int(lengths[row])
      longest = max(longest, lengths[row])
    }
    guard longest <= UInt32(Limits.stringByteCountMax) else { return false }
    if !fields.isValidText {
      for row in 0..<count {
        do throws(TextProblem) {
          try ValueText.checkString(fields.bytes(row))
        } catch { return false }
      }
    }
    let target = builder.extendStrings(rowCount: count, byteCount: byteCount)
    var next = target.bytes
    var end = target.start
    for row in 0..<count {
      let source = text + Int(starts[row])
      let length = Int(lengths[row])
      copy32(source, next)
      if length > 32 {
        (next + 32).copyMemory(from: source + 32, byteCount: length &- 32)
      }
      next += length
      end &+= UInt32(truncatingIfNeeded: length)
      target.ends[row] = end
    }
    return true
  }
}

/// Most strings are short, and a copy of fixed size is much faster than one of any.
@inline(__always)
private func copy32(_ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer) {
  let low = source.loadUnaligned(as: SIMD16<UInt8>.self)
  let high = source.loadUnaligned(fromByteOffset: 16, as: SIMD16<UInt8>.self)
  target.storeBytes(of: low, as: SIMD16<UInt8>.self)
  target.storeBytes(of: high, toByteOffset: 16, as: SIMD16<UInt8>.self)
}
