#if Kafka
  import CRdkafka
  import IngestDriver
  import StorageBase
  import StreamDriver

  /// Brokers as librdkafka has them for tests, in this process, and a producer of messages.
  final class MockCluster {
    private let producer: OpaquePointer
    private let cluster: OpaquePointer

    init(brokerCount: Int32 = 2) throws {
      let configuration = rd_kafka_conf_new()
      rd_kafka_conf_set_log_cb(configuration, nil)
      rd_kafka_conf_set(configuration, "message.max.bytes", "4000000", nil, 0)
      // A message set of its own each, so that what is kept can be told.
      rd_kafka_conf_set(configuration, "batch.num.messages", "100", nil, 0)
      rd_kafka_conf_set(configuration, "linger.ms", "1", nil, 0)
      guard let producer = rd_kafka_new(RD_KAFKA_PRODUCER, configuration, nil, 0),
        let cluster = rd_kafka_mock_cluster_new(producer, brokerCount),
        let brokers = rd_kafka_mock_cluster_bootstraps(cluster)
      else { throw MockFailure("no cluster") }
      self.producer = producer
      self.cluster = cluster
      rd_kafka_brokers_add(producer, brokers)
    }

    deinit {
      rd_kafka_purge(producer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT)
      rd_kafka_flush(producer, 1000)
      rd_kafka_mock_cluster_destroy(cluster)
      rd_kafka_destroy(producer)
    }

    var brokers: String {
      rd_kafka_mock_cluster_bootstraps(cluster).map { String(cString: $0) } ?? ""
    }

    func createTopic(_ name: String, partitionCount: Int32) throws {
      try require(rd_kafka_mock_topic_create(cluster, name, partitionCount, 1), "create")
    }

    /// Puts messages into a partition, in order; nil for one without a payload.
    func send(_ messages: [String?], to topic: String, _ partition: Int32) throws {
      guard let handle = rd_kafka_topic_new(producer, topic, nil) else {
        throw MockFailure("no topic \(topic)")
      }
      defer { rd_kafka_topic_destroy(handle) }
      for message in messages {
        var bytes = Array((message ?? "").utf8)
        let length = bytes.count
        let result = bytes.withUnsafeMutableBytes { bytes in
          // An empty array has no address, and a message without a payload must not have one.
          rd_kafka_produce(
            handle, partition, RD_KAFKA_MSG_F_COPY, message == nil ? nil : bytes.baseAddress,
            length, "key", 3, nil)
        }
        guard result == 0 else { throw MockFailure("a message was not taken") }
      }
      try require(rd_kafka_flush(producer, 20_000), "flush")
    }

    /// Whoever asks anything loses the connection. (Brokers that are set down as a whole do not
    /// come back in librdkafka 2.0.)
    func disconnectEverybody() {
      for request in Self.consumerRequests {
        fail(request: request, with: RD_KAFKA_RESP_ERR__TRANSPORT, count: 10_000)
      }
    }

    func letEverybodyIn() {
      for request in Self.consumerRequests { rd_kafka_mock_clear_request_errors(cluster, request) }
    }

    /// Fetch, ListOffsets, Metadata, ApiVersions.
    private static let consumerRequests: [Int16] = [1, 2, 3, 18]

    /// The next requests of a kind are answered with an error.
    func fail(request: Int16, with code: rd_kafka_resp_err_t, count: Int) {
      let codes = [rd_kafka_resp_err_t](repeating: code, count: count)
      rd_kafka_mock_push_request_errors_array(cluster, request, count, codes)
    }

    func setTopicError(_ name: String, _ code: rd_kafka_resp_err_t) {
      rd_kafka_mock_topic_set_error(cluster, name, code)
    }

    private func require(_ code: rd_kafka_resp_err_t, _ what: String) throws {
      guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { return }
      throw MockFailure("\(what): \(String(cString: rd_kafka_err2str(code)))")
    }
  }

  struct MockFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
  }
#endif
