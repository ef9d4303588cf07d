import ScanKernels
import StorageBase

/// Keeps the rows for which a condition is true.
struct FilterTransform: RowTransform {
  let condition: BoundRowExpression
  let outputSchema: Schema
  var counters: StepCounters

  init(name: String, condition: BoundRowExpression, schema: Schema) {
    self.condition = condition
    outputSchema = schema
    counters = StepCounters(name: name)
  }

  mutating func apply(
    _ batch: StreamBatch, at now: Timestamp, rejected: inout [RejectedRow]
  ) throws -> StreamBatch {
    var evaluator = RowEvaluator(batch.rows, now: now)
    let kept = evaluator.truth(condition).isTrue
    var fate = RowFate(batch)
    if let failures = evaluator.failures {
      fate.divert(failures, by: counters.name, to: &rejected, &counters) { _ in
        "a value of the condition does not fit its type"
      }
    }
    let others = kept.copy()
    others.invert()
    fate.drop(others, &counters)
    return fate.remaining(batch.rows.columns, outputSchema, &counters)
  }
}

/// Keeps some columns.
struct SelectTransform: RowTransform {
  let indexes: [Int]
  let outputSchema: Schema
  var counters: StepCounters

  init(name: String, indexes: [Int], outputSchema: Schema) {
    self.indexes = indexes
    self.outputSchema = outputSchema
    counters = StepCounters(name: name)
  }

  var origins: [[Int]] { indexes.map { [$0] } }

  mutating func apply(
    _ batch: StreamBatch, at now: Timestamp, rejected: inout [RejectedRow]
  ) throws -> StreamBatch {
    RowFate(batch).remaining(indexes.map { batch.rows.columns[$0] }, outputSchema, &counters)
  }
}
