#if Kafka
  import QueryEngine
  import StorageBase
  import StorageIO
  import TabletEngine
  import Testing

  @testable import StreamDriver

  /// Changes of columns that travel in a topic among the rows, in our own form and as Debezium
  /// tells them, with a process that ends in the middle: rows before a change have the old columns,
  /// rows behind it the new ones, each once.
  struct KafkaSchemaChangeTests {
    private static let partitionCount = 2
    /// Of a partition, between two changes.
    private static let rowCount = 40
    private static let mapping = """
      format: json
      columns:
        - {name: id, type: int64}
        - {name: amount, type: int32}
        - {name: note, type: string, nullable: true}
      """

    private let cluster: MockCluster

    init() throws {
      cluster = try MockCluster()
      for form in Form.allCases {
        try cluster.createTopic(form.rawValue, partitionCount: Int32(Self.partitionCount))
        for partition in 0..<Self.partitionCount {
          try cluster.send(Self.story(form, partition), to: form.rawValue, Int32(partition))
        }
      }
    }

    enum Form: String, CaseIterable {
      case own, debezium

      /// Three changes, which every partition is told of.
      var events: [String] {
        switch self {
        case .own:
          [
            #"{"add": "city", "type": "string", "default": "?"}"#,
            #"{"rename": "amount", "to": "total"}, {"widen": "total", "type": "int64"}"#,
            #"{"drop": "note"}"#,
          ].enumerated().map { place, changes in
            "{\"schema_change\": {\"id\": \"\(place)\", \"changes\": [\(changes)]}}"
          }
        case .debezium:
          [
            "ADD COLUMN city VARCHAR(20) NOT NULL DEFAULT '?'", "CHANGE amount total BIGINT",
            "DROP COLUMN note",
          ].enumerated().map { place, text in
            "{\"source\": {\"pos\": \(place)}, \"databaseName\": \"shop\", "
              + "\"ddl\": \"ALTER TABLE orders \(text)\", \"tableChanges\": []}"
          }
        }
      }
    }

    private static func id(_ row: Int, _ partition: Int) -> Int { row * partitionCount + partition }

    /// The messages of a partition.
    private static func story(_ form: Form, _ partition: Int) -> [String] {
      (0...form.events.count).flatMap { part -> [String] in
        let rows = (part * rowCount..<(part + 1) * rowCount).map { row in
          let id = id(row, partition)
          var members = ["\"id\": \(id)"]
          members.append(part < 2 ? "\"amount\": \(id)" : "\"total\": \(id << 33)")
          if part < 3 { members.append("\"note\": \"n\(id)\"") }
          if part > 0 { members.append("\"city\": \"c\(id)\"") }
          return "{\(members.joined(separator: ", "))}"
        }
        return rows + form.events[part..<min(part + 1, form.events.count)]
      }
    }

    private static var expected: [[Value]] {
      (0..<4 * rowCount).flatMap { row in
        (0..<partitionCount).map { partition in
          let id = id(row, partition)
          return [
            .integer(Int128(id)), .integer(Int128(row < 2 * rowCount ? id : id << 33)),
            .string(row < rowCount ? "?" : "c\(id)"),
          ]
        }
      }
    }

    /// A pipeline of one topic on a disk of its own.
    private struct Machine {
      let form: Form
      let brokers: String
      let files = MemoryFileSystem()
      let clock = SystemClock()

      private func plan(_ store: Store, writers: Int) throws -> StreamPlan {
        let spec = try PipelineSpec(
          yaml: """
            name: shop
            writers: \(writers)
            checkpoint: 5ms
            batch_rows: 7
            source:
              kafka: \(form.rawValue)
              brokers: [\(brokers.split(separator: ",").joined(separator: ", "))]
              format: json
              mapping: /mapping.yaml
              follow: false
            schema_changes: apply
            tables: {table: orders, key: [id], unique: true}
            """, path: "shop.yaml")
        return try Pipeline(spec, store: store, files: files, clock: clock).plan
      }

      func store() throws -> Store {
        try files.exists("/store/SEDIMENT")
          ? Store.open("/store", files: files, clock: clock, options: StoreOptions())
          : Store.create("/store", files: files, clock: clock, entropy: 1)
      }

      /// Goes on to the end, or until so many changes were made and rows read since it began.
      /// - Returns: the checkpoints of the run.
      func run(writers: Int, untilChange changeCount: Int = .max, rows: UInt64 = 0) throws -> UInt64
      {
        let run = try StreamRun(
          plan(store(), writers: writers), stateDirectory: "/state", files: files, clock: clock)
        while !run.status.isFinished {
          for writer in 0..<run.writerCount { _ = run.step(writer: writer) }
          _ = run.stepCoordinator()
          if let failure = run.failure { throw failure }
          let status = run.status
          if status.schemaChangeCount >= changeCount, status.counts.readRows >= rows { break }
          clock.pause(seconds: 0.0005)
        }
        return run.status.checkpoint
      }
    }

    @Test(arguments: Form.allCases) func tablesFollowTheTopicWhereverItStops(form: Form) throws {
      // Ends before, at and behind changes; the last run has nothing left to stop at.
      let ends: [(changes: Int, rows: UInt64)] = [(0, 20), (1, 0), (1, 150), (2, 0), (3, 0)]
      var checkpoints: UInt64 = 0
      for end in ends {
        let machine = Machine(form: form, brokers: cluster.brokers)
        try machine.files.create("/mapping.yaml", cause: .tool).append(Array(Self.mapping.utf8))
        checkpoints += try machine.run(
          writers: 2, untilChange: end.changes, rows: end.rows)
        checkpoints += try machine.run(writers: 1, untilChange: end.changes + 1)
        checkpoints += try machine.run(writers: 3)
        let table = try machine.store().snapshot(of: "orders")
        let statement = try SQLStatement("SELECT id, total, city FROM orders ORDER BY id")
        let found = try statement.bound(to: table.definition.schema).run(on: table).result.rows
        #expect(found == Self.expected)
        #expect(
          table.definition.schema.columns.map { "\($0.name) \($0.type)" } == [
            "id int64", "total int64", "city string",
          ])
      }
      #expect(checkpoints > UInt64(ends.count) * 3)
    }
  }
#endif
