import StorageBase

extension BoundAggregate {
  /// The running figures that suit the type of its values.
  /// - Parameter countsRows: whether a sum has to know how many rows it is of.
  func makeState(countsRows: Bool) -> any AggregateState {
    let state = makeUnfilteredState(countsRows)
    return filter == nil ? state : FilteredState(state)
  }

  private func makeUnfilteredState(_ countsRows: Bool) -> any AggregateState {
    switch aggregate.unfiltered {
    case .countAll, .count: CountState()
    case .countDistinct: DistinctState<DistinctSet>(inputType)
    case .approximateCountDistinct: DistinctState<DistinctSketches>(inputType)
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
