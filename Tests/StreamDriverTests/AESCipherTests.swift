import Testing

@testable import StreamDriver

#if Crypto
  import QueryEngine
  import StorageBase
  import StorageIO
  import StreamTransforms
  import TabletEngine

  /// Masks that who has the secret can undo.
  struct AESCipherTests {
    private let secret = Array("0123456789abcdef".utf8)

    private func encrypted(_ value: [UInt8], _ cipher: AESCipher) throws -> [UInt8] {
      var output: [UInt8] = []
      try value.withUnsafeBytes { try cipher.encrypt($0, into: &output) }
      return output
    }

    /// As HKDF, HMAC and AESGCM of the Python package cryptography 46 have it.
    @Test(arguments: [
      (
        "4111 1111 1111 1111",
        "601d35d72d01dda5f5a0f003df5a1a2f42dc2598aa1776eeaed0076962be0ce691ee653e1bd5cf9c6f688697"
          + "e98976"
      ),
      ("", "40e6a90bdcaca2d973c9e82e760dfce8b2eb9a7b3bd7baad368df31a"),
      ("Zoë", "d67c9cf77415b305f554fbe876a892f8f08524801a2bc7b0d570925c5496c53d"),
    ])
    func bytesAreThoseOfAnotherImplementation(value: String, digits: String) throws {
      let bytes = try encrypted(Array(value.utf8), AESCipher(secret: secret))
      let found = bytes.map { byte in
        let text = String(byte, radix: 16)
        return text.count == 1 ? "0" + text : text
      }
      #expect(found.joined() == digits)
    }

    @Test func valuesComeBackAndEqualOnesAreEqual() throws {
      let cipher = AESCipher(secret: secret)
      var random = SeededGenerator(seed: 1)
      var seen: [[UInt8]: [UInt8]] = [:]
      for _ in 0..<300 {
        let value = (0..<random.next() % 40).map { _ in UInt8(random.next() % 3) }
        let bytes = try encrypted(value, cipher)
        #expect(bytes.count == value.count + 28)
        #expect(try cipher.decrypt(bytes) == value)
        #expect(seen[bytes] == nil || seen[bytes] == value)
        seen[bytes] = value
        #expect(try encrypted(value, AESCipher(secret: secret)) == bytes)
      }
      #expect(Set(seen.values).count == seen.count)
    }

    @Test func changedBytesAndOtherSecretsAreRefused() throws {
      let cipher = AESCipher(secret: secret)
      let bytes = try encrypted(Array("138 0013 8000".utf8), cipher)
      for place in bytes.indices {
        var changed = bytes
        changed[place] ^= 1
        #expect(throws: StorageError.self) { try cipher.decrypt(changed) }
      }
      #expect(throws: StorageError.self) { try cipher.decrypt(Array(bytes.prefix(20))) }
      let other = AESCipher(secret: Array("0123456789abcdeg".utf8))
      #expect(throws: StorageError.self) { try other.decrypt(bytes) }
      #expect(try encrypted(Array("138 0013 8000".utf8), other) != bytes)
    }

    @Test func pipelinesMaskWithIt() throws {
      let files = MemoryFileSystem()
      try files.createDirectory("/in")
      try files.create("/in/a.csv", cause: .tool)
        .append(Array("id,card\n1,4111\n2,\n3,4111\n".utf8))
      let spec = try PipelineSpec(
        yaml: """
          name: cards
          source: {files: /in/a.csv}
          secrets: {cards: {env: CARDS}}
          transforms: [{mask: [{column: card, aes: cards}]}]
          tables: [{table: cards}]
          """, path: "p.yaml")
      var resources = TransformResources(keys: ["cards": secret])
      resources.addCiphers(for: spec.transforms)
      let clock = SystemClock()
      let store = try Store.create("/store", files: files, clock: clock, entropy: 1)
      let pipeline = try Pipeline(
        spec, store: store, files: files, clock: clock, resources: resources)
      let run = try StreamRun(pipeline.plan, stateDirectory: "/state", files: files, clock: clock)
      try StreamThreads(run, clock: clock).run()
      let statement = try SQLStatement("SELECT card FROM cards ORDER BY id")
      let table = try store.snapshot(of: "cards")
      let rows = try statement.bound(to: table.definition.schema).run(on: table).result.rows
      let digits = try encrypted(Array("4111".utf8), AESCipher(secret: secret))
        .map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
      #expect(rows == [[.string(digits)], [.null], [.string(digits)]])
    }
  }
#else
  /// A mask that this program cannot make is refused before anything runs.
  struct AESCipherTests {
    @Test func pipelinesAreToldWhereAndWhatToDo() throws {
      do {
        _ = try PipelineSpec(
          yaml: """
            name: cards
            source: {files: a.csv}
            transforms:
              - mask:
                  - {column: name, hash: names}
                  - {column: card, aes: cards}
            tables: [{table: cards}]
            """, path: "p.yaml")
        Issue.record("it was read")
      } catch {
        #expect("\(error)".contains("line 6, column 29: this program was built without AES"))
        #expect("\(error)".contains("swift build -c release --product sediment --traits Crypto"))
      }
    }
  }
#endif
