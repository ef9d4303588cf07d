#if Kafka
  import CRdkafka
  import StorageBase

  /// A partition that somebody reads, and its messages that are here: they come in order. Not
  /// thread-safe.
  final class KafkaAssignment {
    typealias Message = UnsafeMutablePointer<rd_kafka_message_t>

    /// Messages that are taken from librdkafka at a time.
    private static let messageCountMax = 8192

    let client: KafkaClient
    let partition: Int32
    private let messages: UnsafeMutableBufferPointer<Message?>
    private var held = 0..<0
    private let lossCount: Int

    /// - Parameters:
    ///   - partition: claimed by the caller; it is released with this object, and when this throws.
    ///   - offset: of the first message.
    init(_ client: KafkaClient, _ partition: Int32, at offset: Int64) throws {
      do {
        try client.start(partition, at: offset)
      } catch {
        client.release(partition)
        throw error
      }
      self.client = client
      self.partition = partition
      lossCount = client.lossCount()
      messages = .allocate(capacity: Self.messageCountMax)
      messages.initialize(repeating: nil)
    }

    deinit {
      for index in held { rd_kafka_message_destroy(messages[index]) }
      messages.deallocate()
      client.stop(partition)
      client.release(partition)
    }

    /// How many messages are here.
    var count: Int { held.count }

    /// One of the messages that are here, valid until it is dropped; nil beyond the last.
    subscript(index: Int) -> Message? {
      index < held.count ? messages[held.lowerBound + index] : nil
    }

    /// Takes more when none are here, without waiting.
    /// - Throws: `StorageError.io` when none are, and all brokers have gone.
    func fill() throws {
      guard held.isEmpty else { return }
      held = 0..<(try client.take(partition, into: messages))
      guard held.isEmpty, client.lossCount() != lossCount else { return }
      throw client.error(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "read")
    }

    /// Lets go of the first messages.
    func drop(_ count: Int) {
      for index in held.prefix(count) { rd_kafka_message_destroy(messages[index]) }
      held = held.dropFirst(count)
    }
  }
#endif
