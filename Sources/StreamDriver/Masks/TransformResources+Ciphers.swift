import StreamTransforms

extension TransformResources {
  /// Makes the ciphers that masks of a pipeline use of the secrets of their names.
  public mutating func addCiphers(for steps: [TransformStep]) {
    #if Crypto
      for step in steps {
        guard case .mask(let rules) = step.transform else { continue }
        for case .encrypt(let name) in rules.map(\.method) {
          guard let secret = keys[name] else { continue }
          ciphers[name] = AESCipher(secret: secret)
        }
      }
    #endif
  }
}
