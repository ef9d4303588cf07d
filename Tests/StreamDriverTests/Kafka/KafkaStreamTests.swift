#if Kafka
  import CRdkafka
  import IngestDriver
  import ScanKernels
  import StorageBase
  import StorageIO
  import StreamTransforms
  import Testing

  @testable import StreamDriver

  /// Messages come once, in order, wherever reading is broken off, and nothing is passed over in
  /// silence.
  struct KafkaStreamTests {
    private static let seconds = 30.0
    private let clock = SystemClock()
    private let cluster: MockCluster

    init() throws { cluster = try MockCluster() }

    private func stream(
      of other: MockCluster? = nil, format: TextSpec.Format = .json, follow: Bool = false
    ) throws -> KafkaStream {
      let cluster = other ?? cluster
      var spec = KafkaSpec(
        topic: "orders", brokers: cluster.brokers.split(separator: ",").map(String.init),
        mapping: "orders.yaml", format: format)
      spec.isFollowed = follow
      spec.options = ["reconnect.backoff.max.ms": "100"]
      return try KafkaStream(spec, mapping: Self.mapping(format), clock: clock)
    }

    private static func mapping(_ format: TextSpec.Format) throws -> InputMapping {
      try InputMapping(
        dialect: CSVDialect(hasHeader: false), json: format == .json ? JSONDialect() : nil,
        columns: ["id", "name"].enumerated().map { index, name in
          InputMapping.ColumnMapping(
            name: name, type: index == 0 ? .int64 : .string,
            source: format == .csv ? .position(index + 1) : nil)
        })
    }

    private struct Read {
      var ids: [Int64] = []
      var offsets: [Int64] = []
      var unreadable: [RejectedRow] = []
    }

    /// Reads until the end, or so many rows.
    private func read(
      _ reader: any PartitionReader, atMost count: Int = .max, step: Int = 100
    ) throws -> Read {
      var result = Read()
      let start = clock.now()
      while result.ids.count < count {
        guard clock.now().seconds(since: start) < Self.seconds else {
          throw MockFailure("nothing came after \(result.ids.count) rows")
        }
        switch try reader.read(maxRows: min(step, count - result.ids.count)) {
        case .change(let event, _): throw MockFailure("a change: \(event.text)")
        case .rows(let batch):
          for row in 0..<batch.rows.rowCount {
            guard case .integer(let id) = batch.rows.rows.columns[0][row] else { continue }
            result.ids.append(Int64(id))
            result.offsets.append(batch.rows.offset(of: row))
          }
          result.unreadable += batch.unreadable
        case .waiting: clock.pause(seconds: 0.002)
        case .ended: return result
        }
      }
      return result
    }

    private func json(_ ids: Range<Int>) -> [String] {
      ids.map { "{\"id\": \($0), \"name\": \"n\($0)\"}" }
    }

    @Test func partitionsAreReadFromAnyPosition() throws {
      try cluster.createTopic("orders", partitionCount: 3)
      for partition in 0..<3 {
        let first = partition * 1000
        try cluster.send(json(first..<first + 100 * partition), to: "orders", Int32(partition))
      }
      let stream = try stream()
      #expect(try stream.partitions() == ["orders-0", "orders-1", "orders-2"])
      for partition in 0..<3 {
        let expected = (0..<100 * partition).map { Int64(partition * 1000 + $0) }
        let name = "orders-\(partition)"
        for place in [0, 1, 57, 100, 199] where place <= expected.count {
          let reader = try stream.open(name, at: .start)
          #expect(try read(reader, atMost: place).ids == Array(expected[..<place]))
          guard place > 0 else { continue }
          #expect(reader.position.offset == UInt64(place))
          #expect(reader.position.rowCount == UInt64(place))
          // The first reader is still there.
          let next = try stream.open(name, at: reader.position)
          let rest = try read(next)
          #expect(rest.ids == Array(expected[place...]))
          #expect(rest.offsets == (place..<expected.count).map { Int64($0) })
          #expect(next.position.rowCount == UInt64(expected.count))
        }
      }
    }

    @Test func messagesThatCannotBeReadAreToldWithTheirOffsets() throws {
      try cluster.createTopic("orders", partitionCount: 1)
      try cluster.send(
        [
          json(0..<1)[0], "{\"id\": ", nil, json(1..<3).joined(separator: "\n"),
          "{\"id\": 1, \"name\"", "", json(3..<4)[0] + "\n" + "[]\n", json(4..<5)[0],
        ], to: "orders", 0)
      let found = try read(stream().open("orders-0", at: .start))
      #expect(found.ids == [0, 1, 2, 3, 4])
      #expect(found.offsets == [0, 3, 3, 6, 7])
      #expect(found.unreadable.map(\.offset) == [1, 4, 6])
      #expect(found.unreadable.map(\.row) == ["{\"id\": ", "{\"id\": 1, \"name\"", "[]"])
      #expect(found.unreadable.allSatisfy { $0.partition == "orders-0" && $0.rule == "read" })
    }

    /// A quote that is not closed must not take the messages behind it with it.
    @Test func messagesDoNotRunIntoOneAnother() throws {
      try cluster.createTopic("orders", partitionCount: 1)
      var random = SeededGenerator(seed: 11)
      var messages: [String] = []
      var expected = Read()
      for id in 0..<600 {
        switch random.next() % 30 {
        case 0:
          messages.append("\(id),\"open")
        case 1:
          messages.append("\(id),\"two\nlines\"")
          expected.ids.append(Int64(id))
          expected.offsets.append(Int64(id))
        case 2:
          messages.append("\(id),a\n\n\(id),b\r\n")
          expected.ids += [Int64(id), Int64(id)]
          expected.offsets += [Int64(id), Int64(id)]
        case 3: messages.append("x\(id),a")
        default:
          messages.append("\(id),n")
          expected.ids.append(Int64(id))
          expected.offsets.append(Int64(id))
        }
      }
      try cluster.send(messages, to: "orders", 0)
      let found = try read(stream(format: .csv).open("orders-0", at: .start), step: 600)
      #expect(found.ids == expected.ids)
      #expect(found.offsets == expected.offsets)
      let bad = messages.indices.filter {
        messages[$0].hasSuffix("\"open") || messages[$0].hasPrefix("x")
      }
      #expect(found.unreadable.map(\.offset) == bad.map { Int64($0) })
    }

    @Test func whatIsFollowedGoesOn() throws {
      try cluster.createTopic("orders", partitionCount: 1)
      try cluster.send(json(0..<10), to: "orders", 0)
      let ended = try stream()
      let followed = try stream(follow: true).open("orders-0", at: .start)
      #expect(try read(followed, atMost: 10).ids == Array(0..<10))
      try cluster.send(json(10..<25), to: "orders", 0)
      #expect(try read(followed, atMost: 15).ids == Array(10..<25))
      // Without follow a partition ends where it ended when the stream was made.
      #expect(try read(ended.open("orders-0", at: .start)).ids == Array(0..<10))
    }

    @Test func brokersMayGoAndComeBack() throws {
      let cluster = try MockCluster(brokerCount: 1)
      try cluster.createTopic("orders", partitionCount: 1)
      try cluster.send(json(0..<10), to: "orders", 0)
      let stream = try stream(of: cluster, follow: true)
      var reader: (any PartitionReader)? = try stream.open("orders-0", at: .start)
      #expect(try read(#require(reader), atMost: 10).ids == Array(0..<10))
      let position = try #require(reader).position
      cluster.disconnectEverybody()
      let failure = #expect(throws: StorageError.self) {
        _ = try read(#require(reader), atMost: 1)
      }
      guard case .io = failure else {
        Issue.record("\(failure.map { "\($0)" } ?? "no error")")
        return
      }
      reader = nil
      let refusal = #expect(throws: StorageError.self) {
        try stream.open("orders-0", at: position)
      }
      guard case .io = refusal else {
        Issue.record("\(refusal.map { "\($0)" } ?? "no error")")
        return
      }
      #expect(throws: StorageError.self) { try stream.partitions() }
      cluster.letEverybodyIn()
      try cluster.send(json(10..<20), to: "orders", 0)
      let start = clock.now()
      while reader == nil, clock.now().seconds(since: start) < Self.seconds {
        do {
          reader = try stream.open("orders-0", at: position)
        } catch StorageError.io {
          clock.pause(seconds: 0.1)
        }
      }
      #expect(try read(#require(reader), atMost: 10).ids == Array(10..<20))
    }

    @Test func requestsThatFailAreRepeated() throws {
      try cluster.createTopic("orders", partitionCount: 1)
      try cluster.send(json(0..<50), to: "orders", 0)
      let stream = try stream()
      // Fetch is request 1.
      cluster.fail(request: 1, with: RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, count: 2)
      #expect(try read(stream.open("orders-0", at: .start)).ids == Array(0..<50))
    }

    private func damage(_ body: () throws -> Void) -> String {
      do {
        try body()
      } catch StorageError.damaged(_, let problems, let remedy) {
        return (problems + [remedy]).joined(separator: "; ")
      } catch {
        return "not damaged, but: \(error)"
      }
      return "no error"
    }

    @Test func positionsThatCannotBeAreRefused() throws {
      try cluster.createTopic("orders", partitionCount: 1)
      try cluster.send(json(0..<10), to: "orders", 0)
      let stream = try stream()
      let reader = try stream.open("orders-0", at: .start)
      _ = try read(reader)
      var beyond = reader.position
      beyond.offset = 17
      #expect(
        damage { _ = try stream.open("orders-0", at: beyond) }.hasPrefix(
          "the next message has offset 17, and the partition ends at 10; bring"))
      // The partition is free again.
      #expect(try read(stream.open("orders-0", at: .start)).ids.count == 10)
      let other = try MockCluster()
      try other.createTopic("orders", partitionCount: 1)
      try other.send(json(0..<20), to: "orders", 0)
      let stranger = try self.stream(of: other)
      #expect(
        damage { _ = try stranger.open("orders-0", at: reader.position) }.hasPrefix(
          "the position is of another cluster"))
      #expect(throws: StorageError.self) { try stream.open("orders-1x", at: .start) }
    }

    /// The brokers of librdkafka keep about five megabytes of a partition.
    @Test func messagesThatAreGoneAreAnError() throws {
      try cluster.createTopic("orders", partitionCount: 1)
      try cluster.send(json(0..<10), to: "orders", 0)
      let stream = try stream()
      let reader = try stream.open("orders-0", at: .start)
      #expect(try read(reader, atMost: 3).ids == [0, 1, 2])
      let large = String(repeating: "x", count: 1 << 20)
      for id in 10..<20 {
        try cluster.send(["{\"id\": \(id), \"name\": \"\(large)\"}"], to: "orders", 0)
      }
      let said = damage { _ = try stream.open("orders-0", at: reader.position) }
      #expect(said.hasPrefix("the next message has offset 3, and the first there is has 1"))
      #expect(said.contains("are gone unread; bring the messages back"))
    }
  }
#endif
