import ScanKernels
import StorageBase
import StreamDriver
import StreamTransforms

/// What streams keep between runs, and what people write for them.
enum StreamFuzz {
  private static let byteCountMax = 1 << 18

  static func runPipeline(_ input: [UInt8]) throws {
    guard input.count <= byteCountMax else { return }
    let spec = try PipelineSpec(yaml: String(decoding: input, as: UTF8.self), path: "p.yaml")
    precondition(!spec.name.isEmpty, "a pipeline without a name")
  }

  /// The checksum is made right first.
  static func runCheckpoint(_ input: [UInt8]) throws {
    var writer = ByteWriter()
    writer.append(contentsOf: Array(input.dropLast(4)))
    writer.appendChecksum()
    let checkpoint = try PipelineCheckpoint(decoding: writer.bytes, path: "fuzz")
    let again = try PipelineCheckpoint(decoding: checkpoint.encoded(), path: "fuzz")
    precondition(again == checkpoint, "a checkpoint changes when it is written again")
  }

  /// The first byte chooses the windows.
  static func runWindow(_ input: [UInt8]) throws {
    guard let choice = input.first else { return }
    let plan = try plans()[Int(choice) % 3]
    let state = try WindowState(decoding: Array(input.dropFirst()), plan: plan, file: "fuzz")
    _ = try WindowState(decoding: state.encode(), plan: plan, file: "fuzz")
    _ = state.advance(to: Timestamp(rawValue: 1 << 50), purging: nil)
    _ = state.flush()
  }

  static func runChanges(_ input: [UInt8]) throws {
    guard input.count <= byteCountMax else { return }
    let history = try SchemaHistory(decoding: input)
    let bytes = history.encoded()
    let again = try SchemaHistory(decoding: bytes)
    precondition(again.encoded() == bytes, "a history changes when it is written again")
    let first = RowColumns(
      try Schema([("id", .int64, false), ("n", .int16, true)], sortKeyCount: 1))
    for partition in history.partitions {
      _ = try history.columns(of: partition, from: first).schema()
    }
  }

  private static func plans() throws -> [WindowPlan] {
    let schema = try Schema(
      [
        ("at", .datetime, false), ("city", .string, true), ("amount", .int64, true),
        ("price", .double, true),
      ], sortKeyCount: 1)
    let aggregates = [
      WindowAggregate(.count, as: "n"), WindowAggregate(.sum, "amount", as: "total"),
      WindowAggregate(.min, "city", as: "first"), WindowAggregate(.average, "price", as: "mean"),
      WindowAggregate(.countDistinct, "amount", as: "amounts"),
    ]
    let kinds: [WindowSpec.Kind] = [
      .tumbling(size: 60), .sliding(size: 60, slide: 20), .session(gap: 30),
    ]
    return try kinds.map { kind in
      try WindowPlan(
        WindowSpec(kind: kind, time: "at", keys: ["city"], aggregates: aggregates), input: schema)
    }
  }

  static func windowSeeds() throws -> [[UInt8]] {
    var random = SeededGenerator(seed: 9)
    return try plans().enumerated().map { choice, plan in
      let builders = plan.inputSchema.columns.map { ColumnBuilder(type: $0.type) }
      for _ in 0..<40 {
        let bits = random.next()
        builders[0].append(integer: Int64(bits % 500))
        if bits % 7 == 0 {
          builders[1].appendNull()
        } else {
          builders[1].append(string: ["Bonn", "Ulm", ""][Int(bits >> 8) % 3])
        }
        builders[2].append(integer: Int64(bits >> 16) % 9)
        builders[3].append(floating: Double(bits >> 40) / 7)
      }
      let partial = WindowPartial(plan, watermark: nil)
      var rejected: [RejectedRow] = []
      let rows = ColumnBatch(
        schema: plan.inputSchema, rowCount: 40, columns: builders.map { $0.finish() })
      _ = partial.add(
        StreamBatch(rows: rows, partition: "p", offsets: .consecutive(from: 0)),
        rejected: &rejected)
      let state = WindowState(plan)
      state.merge(partial)
      return [UInt8(choice)] + state.encode()
    }
  }

  static let checkpointSeeds: [[UInt8]] = [
    PipelineCheckpoint(
      number: 3, takenAt: Timestamp(rawValue: 1), pipeline: 7,
      partitions: [
        "a": SourcePosition(offset: 9), "b": .start,
      ],
      pending: [PendingLoad(label: "x_0_3", transaction: TransactionID(rawValue: 5))],
      operators: ["w": [1, 2, 3]], sideOutputs: ["rejected-0.jsonl": 10]
    ).encoded()
  ]

  static let changeSeeds = [
    """
    {"entries": [{"id": "7", "changes": [
      {"as": "city",
       "change": {"add": "c", "type": "string", "nullable": false, "default": "?", "after": "n"}},
      {"change": {"add": "price", "type": "decimal(12,2)", "default": "-0.05"}, "as": "price_2"},
      {"change": {"add": "at", "type": "datetime", "default": "2026-01-31 12:30:00"}, "as": null}],
     "tables": [{"table": "t", "version": 3, "changes": [{"add": "city", "type": "string"}]}]},
     {"changes": [{"change": {"rename": "n", "to": "m"}, "as": null},
      {"change": {"widen": "m", "type": "int64"}, "as": null},
      {"change": {"nullable": "id"}, "as": null}, {"change": {"drop": "price"}, "as": null}],
     "tables": []}],
     "applied": 1, "views": {"p0": [1, 2], "p1": [1], "p2": []},
     "columns": {"t": {"id": 1, "city": 7}}}
    """,
    #"{"entries": [], "applied": 0, "views": {}, "columns": {}}"#,
  ]

  static let pipelineSeeds = [
    """
    name: shop
    writers: 2
    checkpoint: {interval: 1s, longest: 20s}
    delivery: {batch: {rows: 10, bytes: 1MiB, time: 2s}}
    dimensions: [{table: users, files: u.csv, key: [id]}]
    source: {generate: raw-orders, rows: 4, rate: 2.5, partitions: 2}
    transforms:
      - standardise: [{column: at, type: datetime, formats: [iso]}]
      - clean: [{column: q, range: [1, null], else: {fix: 1}}]
      - mask: [{column: p, keep: {prefix: 3, suffix: 4}}, {column: m, hash: s}]
      - lookup: {table: users, on: {u: id}, add: [city], miss: {city: none}}
      - compute: {a: "price * q"}
      - filter: a > 0 and not (city like 'x%')
    tables: [{table: "t_{city}", where: a > 5, key: [id], unique: true}]
    windows:
      - table: w
        window: {sliding: {size: 5m, slide: 1m}, time: at, keys: [city], aggregates: {n: count}}
    dashboard: [{title: T, sql: select count(*) from t}]
    """,
    "name: a\nsource: {stdin: true, mapping: m.yaml}\ntables: {table: t}\n",
  ]
}
