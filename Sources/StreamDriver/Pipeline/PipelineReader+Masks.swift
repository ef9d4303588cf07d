import ConfigReading
import Yams

extension PipelineReader {
  /// What is wrong with programs that were built without the trait `Crypto`.
  static let cipherAbsence = """
    this program was built without AES; build it with it: \
    swift build -c release --product sediment --traits Crypto
    """

  /// Complains of masks that this program cannot make, each at its place.
  mutating func checkMasks(_ transforms: Node?) {
    #if !Crypto
      for step in transforms?.sequence ?? [] {
        guard let rules = step.mapping?["mask"]?.sequence else { continue }
        for rule in rules {
          if let cipher = rule.mapping?["aes"] { complain(cipher, Self.cipherAbsence) }
        }
      }
    #endif
  }
}
