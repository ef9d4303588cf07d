#if Kafka
  import IngestDriver
  import ScanKernels
  import StorageBase
  import Synchronization

  /// A topic of Kafka as a stream: partitions are `TOPIC-NUMBER`, and offsets those of Kafka.
  /// Thread-safe.
  ///
  /// Positions are kept by those who read, and not by the brokers, so there is no consumer group.
  /// Their digests are of the cluster and the topic: a position of one cluster is refused by
  /// another. A position whose messages are gone is refused as well, since rows would be missing.
  public final class KafkaStream: StreamSource {
    private let spec: KafkaSpec
    private let text: RowText
    private let clock: any TimeSource
    private let digest: UInt64
    /// Where partitions end that are not followed, by name.
    private let ends: [String: Int64]?
    /// More than one where a partition is read by several at once.
    private let clients: Mutex<[KafkaClient]>

    /// - Parameters:
    ///   - mapping: of the rows; messages have no header.
    ///   - content: what is in the texts besides rows of fixed columns.
    /// - Throws: `StorageError.io` when no broker answers, `StorageError.unknownName` for a topic
    ///   that is not there, `StorageError.invalidArgument` for options and a mapping that cannot
    ///   be.
    public init(
      _ spec: KafkaSpec, mapping: InputMapping, clock: any TimeSource,
      _ content: TextContent = TextContent()
    ) throws {
      guard mapping.json != nil || !mapping.dialect.hasHeader else {
        throw StorageError.invalidArgument(
          name: "mapping", value: spec.mapping,
          reason: "messages have no header: say header: false, and list columns in their order")
      }
      text = try RowText(mapping, content)
      let client = try KafkaClient(spec, clock: clock)
      let names = Self.names(spec, count: try client.partitionCount(wait: KafkaClient.waits.first))
      let identity = Array("\(try client.clusterID() ?? "")\n\(spec.topic)".utf8)
      digest = identity.withUnsafeBytes { UInt64(crc32c($0)) }
      var ends: [String: Int64] = [:]
      if !spec.isFollowed {
        for (number, name) in names.enumerated() {
          ends[name] = try client.offsets(of: Int32(number)).upperBound
        }
      }
      self.ends = spec.isFollowed ? nil : ends
      self.spec = spec
      self.clock = clock
      clients = Mutex([client])
    }

    public var schema: Schema { text.first.schema }

    public var firstColumns: RowColumns? { text.firstColumns }

    public func partitions() throws -> [String] {
      if let ends { return ends.keys.sorted() }
      let client = clients.withLock { $0[0] }
      return Self.names(spec, count: try client.partitionCount()).sorted()
    }

    /// Waits for the answer of a broker, for a second at most.
    public func open(
      _ partition: String, at position: SourcePosition
    ) throws -> any PartitionReader {
      try open(partition, at: position, of: nil)
    }

    public func open(
      _ partition: String, at position: SourcePosition, columns: RowColumns
    ) throws -> any PartitionReader {
      try open(partition, at: position, of: columns)
    }

    private func open(
      _ partition: String, at position: SourcePosition, of columns: RowColumns?
    ) throws -> any PartitionReader {
      guard let number = number(of: partition) else {
        throw StorageError.unknownName(
          kind: "partition of topic \(spec.topic)", name: partition, known: try partitions())
      }
      let client = try claim(number)
      var start = position
      do {
        start = try place(position, of: partition, among: client.offsets(of: number))
      } catch {
        client.release(number)
        throw error
      }
      return try KafkaPartition(
        KafkaAssignment(client, number, at: Int64(start.offset)), name: partition,
        text, columns: columns, at: start, end: ends?[partition], clock: clock)
    }

    private static func names(_ spec: KafkaSpec, count: Int) -> [String] {
      (0..<count).map { "\(spec.topic)-\($0)" }
    }

    private func number(of partition: String) -> Int32? {
      guard partition.hasPrefix(spec.topic + "-") else { return nil }
      return Int32(partition.dropFirst(spec.topic.count + 1)).flatMap { $0 >= 0 ? $0 : nil }
    }

    /// A client that nobody uses for this partition.
    private func claim(_ partition: Int32) throws -> KafkaClient {
      let free = clients.withLock { clients in clients.first { $0.claim(partition) } }
      if let free { return free }
      let client = try KafkaClient(spec, clock: clock)
      _ = client.claim(partition)
      clients.withLock { $0.append(client) }
      return client
    }

    /// Where reading goes on.
    private func place(
      _ position: SourcePosition, of partition: String, among offsets: Range<Int64>
    ) throws -> SourcePosition {
      let begin = SourcePosition(offset: UInt64(offsets.lowerBound), digest: digest)
      guard position != .start else { return begin }
      guard position.digest == digest else {
        throw damaged(partition, "the position is of another cluster, or another topic")
      }
      try requireKept(Int64(position.offset), of: partition, offsets)
      return position
    }

    /// - Throws: `StorageError.damaged` when the message of an offset is gone, or has never been.
    private func requireKept(
      _ offset: Int64, of partition: String, _ offsets: Range<Int64>
    ) throws {
      if offset < offsets.lowerBound {
        throw damaged(
          partition,
          "the next message has offset \(offset), and the first there is has "
            + "\(offsets.lowerBound): up to \(offsets.lowerBound - offset) are gone unread")
      }
      guard offset > offsets.upperBound else { return }
      throw damaged(
        partition,
        "the next message has offset \(offset), and the partition ends at \(offsets.upperBound)")
    }

    private func damaged(_ partition: String, _ problem: String) -> StorageError {
      .damaged(path: partition, problems: [problem], remedy: Self.remedy)
    }

    static let remedy = """
      bring the messages back, or keep them for longer; to read what there is, begin again with \
      another state directory and name
      """
  }
#endif
