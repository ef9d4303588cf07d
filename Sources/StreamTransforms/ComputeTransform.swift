import ScanKernels
import StorageBase

/// Adds computed columns.
struct ComputeTransform: RowTransform {
  /// One column, and its place: that of the column it replaces, or after all others.
  struct Target {
    let name: String
    let place: Int
    let expression: BoundRowExpression
    /// The columns that the expression is bound to, and those with it.
    let before: Schema
    let after: Schema
  }

  let targets: [Target]
  let outputSchema: Schema
  let origins: [[Int]]
  var counters: StepCounters

  mutating func apply(
    _ batch: StreamBatch, at now: Timestamp, rejected: inout [RejectedRow]
  ) throws -> StreamBatch {
    var fate = RowFate(batch)
    var columns = batch.rows.columns
    for target in targets {
      let rows = ColumnBatch(schema: target.before, rowCount: batch.rowCount, columns: columns)
      var evaluator = RowEvaluator(rows, now: now)
      let vector = evaluator.vector(target.expression)
      if let failures = evaluator.failures {
        fate.divert(failures, by: counters.name, to: &rejected, &counters) { _ in
          "\(target.name): the value does not fit a \(target.expression.type)"
        }
      }
      if target.place == columns.count {
        columns.append(vector)
      } else {
        columns[target.place] = vector
      }
    }
    return fate.remaining(columns, outputSchema, &counters)
  }
}

extension StepBinder {
  mutating func compute(_ columns: [ComputedColumn]) -> (any RowTransform)? {
    var targets: [ComputeTransform.Target] = []
    var schema = input
    var origins = input.columns.indices.map { [$0] }
    for column in columns {
      let before = schema
      guard
        let expression = bound(
          column.name, { try ExpressionBinder(schema: before).bind(column.expression) })
      else { continue }
      if expression.isUntypedNull {
        mistakes.append("\(column.name): NULL alone has no type; cast it to one")
        continue
      }
      var next = before.columns.map {
        (name: $0.name, type: $0.type, isNullable: $0.isNullable)
      }
      let place = before.index(of: column.name) ?? next.count
      let entry = (name: column.name, type: expression.type, isNullable: true)
      if place == next.count { next.append(entry) } else { next[place] = entry }
      guard let after = self.schema(next) else { continue }
      targets.append(
        ComputeTransform.Target(
          name: column.name, place: place, expression: expression, before: before, after: after))
      schema = after
      var read = Set<Int>()
      expression.forEachColumn { read.formUnion(origins[$0]) }
      if place == origins.count { origins.append([]) }
      origins[place] = read.sorted()
    }
    return ComputeTransform(
      targets: targets, outputSchema: schema, origins: origins,
      counters: StepCounters(name: step.name))
  }
}
