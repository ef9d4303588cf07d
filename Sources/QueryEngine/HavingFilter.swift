import ScanKernels
import StorageBase

/// Finds the groups that HAVING keeps, with the kernels that filter pages: some thousand groups at
/// a time become the columns that the condition looks at.
struct HavingFilter {
  private static let groupsPerVector = 4096

  let predicate: BoundPredicate
  let columns: [QueryResult.Column]

  /// What the names in HAVING refer to.
  static func schema(_ columns: [QueryResult.Column]) throws -> Schema {
    try Schema(
      columns.map { (name: $0.name, type: $0.type, isNullable: true) }, sortKeyCount: 1)
  }

  /// The groups it is true for, ascending.
  /// - Throws: `StorageError.limitExceeded` when a sum it looks at does not fit.
  func accepted(of groups: Aggregation) throws -> [Int] {
    var evaluator = PredicateEvaluator(predicate)
    var accepted: [Int] = []
    let numbers = groups.groups
    for start in stride(from: 0, to: numbers.count, by: Self.groupsPerVector) {
      let part = numbers[start..<min(numbers.count, start + Self.groupsPerVector)]
      let selection = try evaluator.evaluate(rowCount: part.count) { column in
        let builder = ColumnBuilder(type: columns[column].type, capacity: part.count)
        for group in part { builder.append(try groups.value(ofGroup: group, at: column)) }
        return builder.finish()
      }
      selection.forEachSet { accepted.append(numbers[start + $0]) }
    }
    return accepted
  }
}
