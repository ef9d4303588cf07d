#if Kafka
  import CRdkafka
  import StorageBase
  import Synchronization

  /// A consumer of librdkafka for one topic: it reads any number of partitions, each once at a
  /// time. Its threads are those of librdkafka, one and one for each broker. Thread-safe.
  ///
  /// It is in no consumer group: who reads which partition, and from where, is decided by those who
  /// open them.
  final class KafkaClient: @unchecked Sendable {
    /// What somebody waits for an answer at most, when a stream begins and later: a checkpoint
    /// waits as long.
    static let waits = (first: Int32(10_000), later: Int32(1000))
    /// After a request that got no answer others are refused for so long, so that many partitions
    /// do not wait one after the other.
    private static let refusedSeconds = 1.0

    private struct State {
      var partitions: Set<Int32> = []
      /// How often all brokers were lost.
      var lossCount = 0
      /// What librdkafka said last of a connection.
      var trouble = ""
      var unansweredAt: Timestamp?
    }

    let name: String
    private let topic: String
    private let handle: OpaquePointer
    private let topicHandle: OpaquePointer
    private let events: OpaquePointer
    private let clock: any TimeSource
    private let state = Mutex(State())

    init(_ spec: KafkaSpec, clock: any TimeSource) throws {
      let handle = try KafkaConfiguration.makeConsumer(spec)
      guard let topicHandle = rd_kafka_topic_new(handle, spec.topic, nil) else {
        rd_kafka_destroy(handle)
        throw StorageError.invalidArgument(
          name: "source", value: "kafka \(spec.topic)",
          reason: String(cString: rd_kafka_err2str(rd_kafka_last_error())))
      }
      self.handle = handle
      self.topicHandle = topicHandle
      self.clock = clock
      events = rd_kafka_queue_get_main(handle)
      topic = spec.topic
      name = "topic \(spec.topic) of \(spec.brokers.joined(separator: ", "))"
    }

    deinit {
      rd_kafka_queue_destroy(events)
      rd_kafka_topic_destroy(topicHandle)
      rd_kafka_destroy(handle)
    }

    // MARK: Questions

    /// - Returns: nil where the brokers tell none.
    func clusterID() throws -> String? {
      guard let id = rd_kafka_clusterid(handle, Self.waits.first) else { return nil }
      defer { rd_kafka_mem_free(handle, id) }
      return String(cString: id)
    }

    /// - Throws: `StorageError.unknownName` when there is no such topic.
    func partitionCount(wait: Int32 = waits.later) throws -> Int {
      var answer: UnsafePointer<rd_kafka_metadata_t>?
      try ask("ask for partitions of") { rd_kafka_metadata(handle, 0, topicHandle, &answer, wait) }
      guard let answer else { return 0 }
      defer { rd_kafka_metadata_destroy(answer) }
      guard answer.pointee.topic_cnt == 1 else { return 0 }
      let found = answer.pointee.topics[0]
      switch found.err {
      case RD_KAFKA_RESP_ERR_NO_ERROR: return Int(found.partition_cnt)
      case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
        throw StorageError.unknownName(kind: "topic", name: topic, known: [])
      default: throw error(found.err, "ask for partitions of")
      }
    }

    /// The offsets of a partition that can be read, and behind them that of the next message.
    func offsets(of partition: Int32, wait: Int32 = waits.later) throws -> Range<Int64> {
      let low = try offset(RD_KAFKA_OFFSET_BEGINNING, of: partition, wait: wait)
      return low..<max(low, try offset(RD_KAFKA_OFFSET_END, of: partition, wait: wait))
    }

    /// Asks for offsets by time, of which the ends are special cases: the question for watermarks
    /// of librdkafka waits without a limit for a broker that does not let it in.
    private func offset(_ end: Int32, of partition: Int32, wait: Int32) throws -> Int64 {
      guard let list = rd_kafka_topic_partition_list_new(1) else { return 0 }
      defer { rd_kafka_topic_partition_list_destroy(list) }
      let question = rd_kafka_topic_partition_list_add(list, topic, partition)
      try ask("ask for offsets of") {
        question?.pointee.offset = Int64(end)
        let code = rd_kafka_offsets_for_times(handle, list, wait)
        return code == RD_KAFKA_RESP_ERR_NO_ERROR ? list.pointee.elems[0].err : code
      }
      return list.pointee.elems[0].offset
    }

    private func ask(_ operation: String, _ request: () -> rd_kafka_resp_err_t) throws {
      let now = clock.now()
      let unansweredAt = state.withLock { $0.unansweredAt }
      if let unansweredAt, abs(now.seconds(since: unansweredAt)) < Self.refusedSeconds {
        throw error(RD_KAFKA_RESP_ERR__TIMED_OUT, operation)
      }
      let code = request()
      let isUnanswered =
        code == RD_KAFKA_RESP_ERR__TIMED_OUT
        || code == RD_KAFKA_RESP_ERR__TRANSPORT
      state.withLock { $0.unansweredAt = isUnanswered ? clock.now() : nil }
      guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw error(code, operation) }
    }

    // MARK: Trouble

    /// How often all brokers were lost until now.
    func lossCount() -> Int {
      while let event = rd_kafka_queue_poll(events, 0) {
        defer { rd_kafka_event_destroy(event) }
        guard rd_kafka_event_type(event) == RD_KAFKA_EVENT_ERROR else { continue }
        let code = rd_kafka_event_error(event)
        let text = rd_kafka_event_error_string(event).map { String(cString: $0) } ?? ""
        state.withLock { state in
          if code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN {
            state.lossCount += 1
          } else {
            state.trouble = text
          }
        }
      }
      return state.withLock { $0.lossCount }
    }

    /// What a code of librdkafka comes to: almost everything may go away by itself.
    func error(_ code: rd_kafka_resp_err_t, _ operation: String) -> StorageError {
      _ = lossCount()
      let text = String(cString: rd_kafka_err2str(code))
      switch code {
      case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
        RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED,
        RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
        return .invalidArgument(name: "source", value: name, reason: text)
      default:
        let trouble = state.withLock { $0.trouble }
        return .io(
          operation: operation, path: name, code: code.rawValue,
          message: trouble.isEmpty ? text : "\(text) (\(trouble))")
      }
    }

    // MARK: Partitions

    /// Makes a partition the caller's; false when somebody reads it.
    func claim(_ partition: Int32) -> Bool {
      state.withLock { $0.partitions.insert(partition).inserted }
    }

    func release(_ partition: Int32) {
      _ = state.withLock { $0.partitions.remove(partition) }
    }

    /// Messages of a partition come in from now on.
    func start(_ partition: Int32, at offset: Int64) throws {
      guard rd_kafka_consume_start(topicHandle, partition, offset) != 0 else { return }
      throw error(rd_kafka_last_error(), "read")
    }

    func stop(_ partition: Int32) {
      rd_kafka_consume_stop(topicHandle, partition)
    }

    /// Takes messages that have come in, without waiting for more.
    /// - Returns: how many.
    func take(
      _ partition: Int32,
      into messages: UnsafeMutableBufferPointer<UnsafeMutablePointer<rd_kafka_message_t>?>
    ) throws -> Int {
      let count = rd_kafka_consume_batch(
        topicHandle, partition, 0, messages.baseAddress, messages.count)
      guard count >= 0 else { throw error(rd_kafka_last_error(), "read") }
      return count
    }
  }
#endif
