import ScanKernels
import StorageBase

/// Constants as columns of a type hold them.
enum ConstantValue {
  private static let row = ColumnVector.constant(.integer(0), type: .bool, count: 1)

  /// - Throws: `ExpressionError` for a constant that is no value of the type.
  static func value(
    of literal: Literal, as type: DataType
  ) throws(ExpressionError) -> Value {
    if literal.isNull { return .null }
    do {
      let schema = try Schema([(name: "none", type: .bool, isNullable: false)], sortKeyCount: 1)
      let binder = ExpressionBinder(schema: schema)
      let bound = try binder.cast(binder.bind(.literal(literal)), to: type)
      var evaluator = RowEvaluator(
        ColumnBatch(schema: schema, rowCount: 1, columns: [row]), now: Timestamp(rawValue: 0))
      let vector = evaluator.vector(bound)
      if evaluator.failures == nil { return vector[0] }
    } catch let error as ExpressionError {
      throw error
    } catch {
      throw ExpressionError(reason: "\(error)", offset: nil)
    }
    throw ExpressionError(reason: "\(literal) is no \(type)", offset: nil)
  }
}

extension ColumnVector {
  /// The same with one value in some rows.
  func setting(_ rows: Bitmap, to value: Value) -> ColumnVector {
    let ids = rows.rowIDs()
    if ids.isEmpty { return self }
    let constant = ColumnVector.constant(value, type: type, count: 1)
    return replacing(ids, with: constant, at: Array(repeating: 0, count: ids.count))
  }
}
