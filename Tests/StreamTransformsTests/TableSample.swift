import ScanKernels
import StorageBase
import StreamTransforms
import Testing

/// A batch written as rows of values.
struct TableSample {
  let schema: Schema
  let rows: [[Value]]

  init(_ columns: [(String, DataType, Bool)], _ rows: [[Value]]) {
    schema = makeSchema(columns)
    self.rows = rows
  }

  /// From offset 100 on, of partition `p`.
  var batch: StreamBatch {
    let vectors = schema.columns.indices.map { index in
      let builder = ColumnBuilder(type: schema.columns[index].type)
      for row in rows { builder.append(row[index]) }
      return builder.finish()
    }
    return StreamBatch(
      rows: ColumnBatch(schema: schema, rowCount: rows.count, columns: vectors), partition: "p",
      offsets: .consecutive(from: 100))
  }
}

extension Value: ExpressibleByIntegerLiteral, ExpressibleByStringLiteral,
  ExpressibleByNilLiteral, ExpressibleByFloatLiteral
{
  public init(integerLiteral value: Int64) { self = .integer(Int128(value)) }
  public init(stringLiteral value: String) { self = .string(value) }
  public init(floatLiteral value: Double) { self = .floating(value) }
  public init(nilLiteral: ()) { self = .null }
}

/// What a chain makes of a sample, and what it sends away.
func run(
  _ steps: [TransformStep], _ sample: TableSample,
  resources: TransformResources = TransformResources(), now: Int64 = 0
) throws -> (batch: StreamBatch, rejected: [RejectedRow], counters: [StepCounters]) {
  var chain = try TransformChain(steps, input: sample.schema, resources: resources)
  var rejected: [RejectedRow] = []
  let batch = try chain.apply(
    sample.batch, at: Timestamp(rawValue: now), rejected: &rejected)
  #expect(batch.schema == chain.outputSchema)
  return (batch, rejected, chain.counters)
}
