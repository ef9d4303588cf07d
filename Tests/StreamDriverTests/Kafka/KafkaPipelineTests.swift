#if Kafka
  import CRdkafka
  import IngestDriver
  import QueryEngine
  import ScanKernels
  import StorageBase
  import StorageIO
  import TabletEngine
  import Testing

  @testable import StreamDriver

  /// A whole pipeline from a topic into tables, which is stopped, killed and started again while
  /// messages come and brokers fail: every message is in the tables once.
  struct KafkaPipelineTests {
    private static let partitionCount = 3
    private static let messageCount = 1800
    private let files = MemoryFileSystem()
    private let clock = SystemClock()
    private let cluster: MockCluster

    init() throws {
      cluster = try MockCluster()
      try cluster.createTopic("orders", partitionCount: Int32(Self.partitionCount))
      try files.create("/orders.yaml", cause: .tool).append(
        Array(
          """
          format: json
          columns:
            - {name: id, type: int64}
            - {name: amount, type: int64}
          """.utf8))
    }

    private func spec(writers: Int, follow: Bool) throws -> PipelineSpec {
      var spec = try PipelineSpec(
        yaml: """
          name: shop
          writers: \(writers)
          checkpoint: 20ms
          batch_rows: 37
          source:
            kafka: orders
            brokers: [\(cluster.brokers.split(separator: ",").joined(separator: ", "))]
            format: json
            mapping: /orders.yaml
            follow: \(follow)
            options: {reconnect.backoff.max.ms: 100}
          transforms:
            - clean: [{column: amount, range: [0, 900], else: divert}]
          tables: {table: orders, buckets: 2}
          """, path: "shop.yaml")
      spec.idleSeconds = 1
      return spec
    }

    private func json(_ id: Int) -> String? {
      switch id % 50 {
      case 7: "{\"id\": \(id), \"amount\": "
      case 8: nil
      default: "{\"id\": \(id), \"amount\": \(id % 1000)}"
      }
    }

    /// Messages of all partitions: `id` goes to partition `id % 3`.
    private func send(_ ids: Range<Int>) throws {
      for partition in 0..<Self.partitionCount {
        let own = ids.filter { $0 % Self.partitionCount == partition }
        try cluster.send(own.map(json), to: "orders", Int32(partition))
      }
    }

    private func store() throws -> Store {
      try files.exists("/store/SEDIMENT")
        ? Store.open("/store", files: files, clock: clock, options: StoreOptions())
        : Store.create("/store", files: files, clock: clock, entropy: 1)
    }

    /// Goes on until all messages are read (nil), or stops when so many rows are, in one way or
    /// the other.
    /// - Parameter outage: of all brokers, in ticks of five milliseconds.
    private func run(
      _ spec: PipelineSpec, until rowCount: UInt64?, kills: Bool, outage: Range<Int> = 0..<0
    ) throws {
      let store = try store()
      let run = try StreamRun(
        Pipeline(spec, store: store, files: files, clock: clock).plan, stateDirectory: "/state",
        files: files, clock: clock)
      var tick = 0
      do {
        try StreamThreads(run, clock: clock).run(tickSeconds: 0.005) {
          tick += 1
          if tick == outage.lowerBound { cluster.disconnectEverybody() }
          if tick == outage.upperBound { cluster.letEverybodyIn() }
          guard let rowCount, run.status.counts.readRows >= rowCount else { return }
          if kills { throw MockFailure("killed") }
          run.requestStop()
        }
      } catch let failure as MockFailure where failure.description == "killed" {}
    }

    private func rejectedOffsets() throws -> [String] {
      var found: [String] = []
      for name in try files.listDirectory("/state") where name.hasSuffix(".jsonl") {
        let file = try files.openForReading("/state/\(name)", cause: .tool)
        let text = String(decoding: try file.read(at: 0, count: Int(file.byteCount)), as: UTF8.self)
        for line in text.split(separator: "\n") {
          guard case .object(let members) = try JSONValue(parsing: String(line)) else { continue }
          let shown = ["partition", "offset"].compactMap { key in
            members.first { $0.key == key }.map { $0.value.compactText }
          }
          found.append(shown.joined(separator: " "))
        }
      }
      return found.sorted()
    }

    @Test func everyMessageIsThereOnceWhateverStops() throws {
      try send(0..<900)
      try run(spec(writers: 2, follow: true), until: 200, kills: false)
      cluster.fail(request: 1, with: RD_KAFKA_RESP_ERR__TRANSPORT, count: 3)
      try run(spec(writers: 3, follow: true), until: 500, kills: true, outage: 3..<80)
      try send(900..<Self.messageCount)
      try run(spec(writers: 1, follow: true), until: 900, kills: true)
      try run(spec(writers: 4, follow: false), until: nil, kills: false)
      try run(spec(writers: 2, follow: false), until: nil, kills: false)

      let table = try store().snapshot(of: "orders")
      let statement = try SQLStatement("SELECT id FROM orders ORDER BY id")
      let found = try statement.bound(to: table.definition.schema).run(on: table).result.rows
      let kept = (0..<Self.messageCount).filter { ![7, 8].contains($0 % 50) && $0 % 1000 <= 900 }
      #expect(found == kept.map { [.integer(Int128($0))] })
      let rejected = (0..<Self.messageCount).filter {
        $0 % 50 == 7 || ($0 % 50 != 8 && $0 % 1000 > 900)
      }
      let places = rejected.map { id in
        "\"orders-\(id % Self.partitionCount)\" \(id / Self.partitionCount)"
      }
      #expect(try rejectedOffsets() == places.sorted())
    }

    private func mistakes(_ yaml: String) -> [String] {
      do {
        _ = try PipelineSpec(yaml: yaml, path: "p.yaml")
        return []
      } catch {
        return "\(error)".split(separator: "\n").dropFirst().map { String($0.dropFirst(2)) }
      }
    }

    @Test func mistakesAreToldTogether() {
      let found = mistakes(
        """
        name: shop
        source:
          kafka: orders
          brokers: [localhost, "b:9092"]
          format: xml
          rate: 7
          options:
            security.protocl: ssl
            security.protocol: tls
            auto.offset.reset: latest
            ssl.ca.location: [a, b]
        dimensions: {table: t, kafka: users, brokers: "b:9092", mapping: m.yaml}
        tables: {table: orders}
        """)
      #expect(
        found == [
          "line 3, column 3: kafka needs mapping: FILE",
          "line 4, column 12: brokers has \"localhost\"; expected HOST:PORT",
          "line 5, column 11: format is \"xml\"; expected csv or json",
          "line 6, column 9: rate does not go with kafka",
          "line 8, column 5: librdkafka has no option security.protocl; did you mean "
            + "security.protocol?",
          "line 9, column 5: Invalid value \"tls\" for configuration property "
            + "\"security.protocol\"",
          "line 10, column 5: auto.offset.reset is no option: positions that are gone are an "
            + "error, and never passed over",
          "line 11, column 22: ssl.ca.location is a list; expected a text",
          "line 12, column 13: a dimension is filled once, so kafka needs follow: false here",
        ])
    }

    @Test func specIsRead() throws {
      let spec = try spec(writers: 1, follow: true)
      guard case .kafka(let kafka) = spec.source else {
        Issue.record("no topic")
        return
      }
      #expect(kafka.topic == "orders" && kafka.isFollowed && kafka.format == .json)
      #expect(kafka.brokers.joined(separator: ",") == cluster.brokers)
      #expect(kafka.options == ["reconnect.backoff.max.ms": "100"])
    }

    @Test func topicsThatAreNotThereAreNamed() throws {
      let spec = try spec(writers: 1, follow: false)
      cluster.setTopicError("orders", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
      #expect {
        _ = try Pipeline(spec, store: store(), files: files, clock: clock)
      } throws: {
        "\($0)" == "unknown topic \"orders\""
      }
    }
  }
#endif
