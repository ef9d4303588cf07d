import StorageBase

extension BoundAggregate {
  /// The running figures that suit the type of its values.
  /// - Parameters:
  ///   - countsRows: whether a sum has to know how many rows it is of.
  ///   - isGrouped: false when there is no group but 0.
  ///   - range: which all values lie in; nil when none is known.
  ///   - expectedRowCount: about how many rows will be looked at.
  func makeState(
    countsRows: Bool, isGrouped: Bool, range: ClosedRange<Int64>?, expectedRowCount: Int
  ) -> any AggregateState {
    let state: any AggregateState
    if case .countDistinct = aggregate.unfiltered {
      state = makeSet(isGrouped, range, expectedRowCount)
    } else {
      state = makeSimpleState(countsRows, isGrouped)
    }
    return filter == nil ? state : FilteredState(state)
  }

  private func makeSet(
    _ isGrouped: Bool, _ range: ClosedRange<Int64>?, _ expectedRowCount: Int
  ) -> any AggregateState {
    if let range = range ?? inputType.wholeRange, inputType.isNarrowInteger,
      let bits = DistinctBitsState(inputType, range: range, expectedRowCount: expectedRowCount)
    {
      return bits
    }
    return DistinctState<DistinctSet>(inputType, isGrouped: isGrouped)
  }

  private func makeSimpleState(_ countsRows: Bool, _ isGrouped: Bool) -> any AggregateState {
    switch aggregate.unfiltered {
    case .countAll, .count: CountState()
    case .approximateCountDistinct:
      DistinctState<DistinctSketches>(inputType, isGrouped: isGrouped)
    case .countDistinct: preconditionFailure("a set is chosen by its range")
    case .filtered: preconditionFailure("a filter within a filter")
    case .min, .computed(.min, _): makeExtreme(.lowest)
    case .max, .computed(.max, _): makeExtreme(.highest)
    case .sum, .average, .computed(.sum, _), .computed(.average, _): makeSum(countsRows)
    }
  }

  private func makeExtreme(_ end: Extreme) -> any AggregateState {
    switch inputType.physical {
    case .bytes: StringExtremeState(end)
    case .int128: ExtremeState<Int128>(end, type: inputType)
    default: ExtremeState<Int64>(end, type: inputType)
    }
  }

  private func makeSum(_ countsRows: Bool) -> any AggregateState {
    switch inputType.physical {
    case .float32, .float64: FloatSumState()
    case .int128: expression == nil ? WideSumState() : ComputedSumState()
    default: IntegerSumState(countsRows: countsRows)
    }
  }
}

extension DataType {
  /// Whether its values are integers of at most 64 bits.
  fileprivate var isNarrowInteger: Bool {
    switch physical {
    case .int8, .int16, .int32, .int64: true
    case .int128, .float32, .float64, .bytes: false
    }
  }

  /// All values of a type of few; else nil.
  fileprivate var wholeRange: ClosedRange<Int64>? {
    switch physical {
    case .int8: Int64(Int8.min)...Int64(Int8.max)
    case .int16: Int64(Int16.min)...Int64(Int16.max)
    case .int32, .int64, .int128, .float32, .float64, .bytes: nil
    }
  }
}
