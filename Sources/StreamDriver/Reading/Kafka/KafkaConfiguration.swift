#if Kafka
  import CRdkafka
  import StorageBase

  /// What librdkafka is told.
  enum KafkaConfiguration {
    /// What the source decides itself, and why.
    private static let own: [String: String] = [
      "bootstrap.servers": "it is given by brokers",
      "metadata.broker.list": "it is given by brokers",
      "auto.offset.reset": "positions that are gone are an error, and never passed over",
      "enable.partition.eof": "the source needs it",
      "enable.auto.commit": "positions are kept in checkpoints",
      "enable.auto.offset.store": "positions are kept in checkpoints",
      "group.id": "partitions are shared out among writers, and not in a group",
    ]
    /// What holds unless options say otherwise: of each partition 16 MiB wait in memory at most.
    private static let defaults = [("queued.max.messages.kbytes", "16384")]
    private static let messageByteCount = 512

    /// What is wrong with an option; nil for nothing.
    static func objection(to name: String, _ value: String) -> String? {
      if let reason = own[name] { return "\(name) is no option: \(reason)" }
      guard let configuration = rd_kafka_conf_new() else { return "out of memory" }
      defer { rd_kafka_conf_destroy(configuration) }
      return set(configuration, name, value)
    }

    /// A consumer of a cluster.
    /// - Throws: `StorageError.invalidArgument` for options that librdkafka does not take.
    static func makeConsumer(_ spec: KafkaSpec) throws -> OpaquePointer {
      var settings = defaults
      settings += spec.options.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
      settings.append(("bootstrap.servers", spec.brokers.joined(separator: ",")))
      settings.append(("auto.offset.reset", "error"))
      settings.append(("enable.partition.eof", "true"))
      guard let configuration = rd_kafka_conf_new() else { throw refused(spec, "out of memory") }
      for (name, value) in settings {
        if let reason = set(configuration, name, value) {
          rd_kafka_conf_destroy(configuration)
          throw refused(spec, reason)
        }
      }
      // What happens is heard of as events; lines on the terminal are for those who ask for them.
      rd_kafka_conf_set_events(configuration, RD_KAFKA_EVENT_ERROR)
      if spec.options["debug"] == nil { rd_kafka_conf_set_log_cb(configuration, nil) }
      var message = [CChar](repeating: 0, count: messageByteCount)
      guard let handle = rd_kafka_new(RD_KAFKA_CONSUMER, configuration, &message, message.count)
      else {
        rd_kafka_conf_destroy(configuration)
        throw refused(spec, text(message))
      }
      return handle
    }

    private static func set(
      _ configuration: OpaquePointer, _ name: String, _ value: String
    ) -> String? {
      var message = [CChar](repeating: 0, count: messageByteCount)
      switch rd_kafka_conf_set(configuration, name, value, &message, message.count) {
      case RD_KAFKA_CONF_OK: return nil
      case RD_KAFKA_CONF_UNKNOWN:
        let near = nearestName(to: name, in: names(configuration))
        return "librdkafka has no option \(name)" + (near.map { "; did you mean \($0)?" } ?? "")
      default: return text(message)
      }
    }

    /// All options there are.
    private static func names(_ configuration: OpaquePointer) -> [String] {
      var count = 0
      guard let pairs = rd_kafka_conf_dump(configuration, &count) else { return [] }
      defer { rd_kafka_conf_dump_free(pairs, count) }
      return stride(from: 0, to: count, by: 2).compactMap { index in
        pairs[index].map { String(cString: $0) }
      }
    }

    private static func text(_ message: [CChar]) -> String {
      String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func refused(_ spec: KafkaSpec, _ reason: String) -> StorageError {
      .invalidArgument(name: "source", value: "kafka \(spec.topic)", reason: reason)
    }
  }
#endif
