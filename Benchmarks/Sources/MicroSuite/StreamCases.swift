import CMeasure
import ScanKernels
import StorageBase
import StreamTransforms

/// What transforms and windows cost a row, on batches of orders as a stream brings them.
enum StreamCases {
  private static let batchRowCount = 8192
  private static let batchCount = 64
  private static let rowCount = batchRowCount * batchCount

  static func all() throws -> [MicroCase] {
    let casts = Transform.standardise([
      FieldStandard("at", type: .datetime), FieldStandard("amount", type: .int64),
      FieldStandard("status", trim: true, letterCase: .lower, nullMarkers: ["n/a"]),
    ])
    let rules = Transform.clean([
      CleaningRule("price", column: "price", .range(low: 0, high: 90_000), .divert),
      CleaningRule("quantity", column: "quantity", .range(low: 1, high: 50), .clamp),
      CleaningRule("time", column: "time", .within(past: nil, future: 1 << 40)),
    ])
    return [
      try transform("filter on a number", .filter(RowExpression(parsing: "quantity < 60"))),
      try transform("filter on a text", .filter(RowExpression(parsing: "status <> 'paid'"))),
      try transform(
        "price * quantity",
        .compute([ComputedColumn("total", try RowExpression(parsing: "price * quantity"))])),
      try transform(
        "if, concat, date_trunc",
        .compute([
          ComputedColumn("kind", try RowExpression(parsing: "if(quantity > 9, 'many', status)")),
          ComputedColumn("code", try RowExpression(parsing: "status || '-' || quantity")),
          ComputedColumn("hour", try RowExpression(parsing: "date_trunc('hour', time)")),
        ])),
      try transform("trim, cases, date and integer from text", casts),
      try transform("three rules", rules),
      try transform(
        "keep ends of a phone", .mask([MaskingRule("phone", .keep(prefix: 3, suffix: 4))])),
      try transform("keyed hash of a phone", .mask([MaskingRule("phone", .hash(key: "secret"))])),
      try transform(
        "lookup, 10 000 keys kept",
        .lookup(
          LookupJoin(
            "users", on: [.init(stream: "user", dimension: "id")],
            adding: [.init(stream: "city", dimension: "city")]))),
      try window("tumbling, 10 keys", .tumbling(size: 60_000_000), keys: ["status"]),
      try window("tumbling, 10 000 keys", .tumbling(size: 60_000_000), keys: ["user"]),
      try window(
        "sliding by a fifth, 10 keys", .sliding(size: 300_000_000, slide: 60_000_000),
        keys: ["status"]),
      try window("sessions, 10 000 keys", .session(gap: 5_000_000), keys: ["user"]),
    ]
  }

  private static func schema() throws -> Schema {
    try Schema(
      [
        ("user", .int64, false), ("time", .datetime, false), ("status", .string, false),
        ("price", .decimal(precision: 10, scale: 2), false), ("quantity", .int32, false),
        ("phone", .string, false), ("at", .string, false), ("amount", .string, false),
      ], sortKeyCount: 1)
  }

  private static func batches(_ schema: Schema) -> [StreamBatch] {
    var random = SeededGenerator(seed: 71)
    return (0..<batchCount).map { batch in
      let builders = schema.columns.map { ColumnBuilder(type: $0.type, capacity: batchRowCount) }
      for row in 0..<batchRowCount {
        let bits = random.next()
        // Ten orders a millisecond, some of them two seconds out of order.
        let order = Int64(batch * batchRowCount + row)
        let time = 1_767_225_600_000_000 + order * 100 - Int64(bits >> 40 & 15) * 125_000
        builders[0].append(integer: Int64(bits % 10_000))
        builders[1].append(integer: time)
        builders[2].append(string: "  Status\(bits >> 16 & 7)")
        builders[3].append(integer: Int64(bits >> 20 % 9_000_000))
        builders[4].append(integer: Int64(bits >> 24 & 63))
        builders[5].append(string: "138\(10_000_000 + bits % 90_000_000)")
        builders[6].append(string: DataType.datetime.format(.integer(Int128(time))))
        builders[7].append(string: "\(bits >> 34)")
      }
      return StreamBatch(
        rows: ColumnBatch(
          schema: schema, rowCount: batchRowCount, columns: builders.map { $0.finish() }),
        partition: "orders", offsets: .consecutive(from: Int64(batch * batchRowCount)))
    }
  }

  private static func transform(_ name: String, _ transform: Transform) throws -> MicroCase {
    let schema = try schema()
    let batches = Lazily { Self.batches(schema) }
    return MicroCase(
      "stream", name, byteCount: 0, valueCount: rowCount, note: "batches of \(batchRowCount) rows"
    ) {
      var chain = try TransformChain(
        [TransformStep(name, transform)], input: schema,
        resources: TransformResources(
          dimensions: ["users": SampleUsers()], keys: ["secret": Array(repeating: 7, count: 32)]))
      let batches = try batches.get()
      return {
        var rejected: [RejectedRow] = []
        var count = 0
        for batch in batches {
          count += try chain.apply(
            batch, at: Timestamp(rawValue: 1_767_225_600_000_000), rejected: &rejected
          ).rowCount
          rejected.removeAll(keepingCapacity: true)
        }
        cm_consume(UInt64(count))
      }
    }
  }

  private static func window(
    _ name: String, _ kind: WindowSpec.Kind, keys: [String]
  ) throws -> MicroCase {
    let schema = try schema()
    let batches = Lazily { Self.batches(schema) }
    let plan = try WindowPlan(
      WindowSpec(
        kind: kind, time: "time", keys: keys,
        aggregates: [
          WindowAggregate(.count, as: "n"), WindowAggregate(.sum, "price", as: "revenue"),
          WindowAggregate(.max, "quantity", as: "most"),
        ], delay: 2_000_000), input: schema)
    return MicroCase(
      "windows", name, byteCount: 0, valueCount: rowCount,
      note: "add, merge, advance; 8 epochs; count, sum, max"
    ) {
      let batches = try batches.get()
      return {
        let state = WindowState(plan)
        var rejected: [RejectedRow] = []
        var count = 0
        for epoch in 0..<8 {
          let partial = WindowPartial(plan, watermark: state.watermark)
          for batch in batches[epoch * 8..<epoch * 8 + 8] {
            count += partial.add(batch, rejected: &rejected)?.rowCount ?? 0
          }
          state.merge(partial)
          let watermark = state.proposedWatermark()
          let output = state.advance(to: watermark, purging: watermark)
          count += output.upserts?.rowCount ?? 0
        }
        cm_consume(UInt64(count))
      }
    }
  }
}

/// A dimension that makes its rows from their keys.
private struct SampleUsers: DimensionLookup {
  let keyColumns = [Column(id: ColumnID(rawValue: 1), name: "id", type: .int64)]
  let columns = [Column(id: ColumnID(rawValue: 2), name: "city", type: .string)]

  func find(_ keys: [ColumnVector], rowCount: Int, columns: [Int]) throws -> DimensionRows {
    let builder = ColumnBuilder(type: .string, capacity: rowCount)
    let values = keys[0].values(as: Int64.self)
    for row in 0..<rowCount { builder.append(string: "city \(values[row] % 300)") }
    return DimensionRows(found: .full(count: rowCount), columns: [builder.finish()])
  }
}
