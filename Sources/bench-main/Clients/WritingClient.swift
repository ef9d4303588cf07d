import ScanKernels
import StorageBase

/// A client that loads orders: some new, most of them changes of its own. Used by one thread at a
/// time: a client has one operation in flight.
final class WritingClient: @unchecked Sendable {
  /// The rows of one load, and what the client knows once it is acknowledged.
  struct Load {
    let label: String
    let batch: ColumnBatch
    fileprivate let ordinals: [Int]
    fileprivate let revisions: [UInt32]
  }

  private let number: Int
  private let clientCount: Int
  /// By order of the client, how often it has been changed; those that are acknowledged.
  private(set) var revisions: [UInt32]
  private(set) var acknowledgedCount = 0
  private var random: SeededGenerator
  /// Of 100 rows so many are new orders.
  private static let newPercentage = 10

  /// - Parameter preloaded: orders there are before the clients come, of all of them.
  init(number: Int, of clientCount: Int, preloaded: Int, seed: UInt64) {
    self.number = number
    self.clientCount = clientCount
    let owned = preloaded / clientCount + (number < preloaded % clientCount ? 1 : 0)
    revisions = Array(repeating: 0, count: owned)
    random = SeededGenerator(seed: mixBits(seed ^ 0xC11E) &+ UInt64(number))
  }

  /// Clients take turns, so that together they have the orders 1, 2, 3, …
  func order(_ ordinal: Int) -> Int64 { Int64(ordinal) * Int64(clientCount) + Int64(number) + 1 }

  /// The next load; as long as it is not acknowledged, the one after it has the same label.
  func nextLoad(rowCount: Int, orders: ShopOrders) -> Load {
    var ordinals: [Int] = []
    var changed: [UInt32] = []
    ordinals.reserveCapacity(rowCount)
    changed.reserveCapacity(rowCount)
    let newCount =
      revisions.isEmpty ? rowCount : max(1, rowCount * Self.newPercentage / 100)
    for row in 0..<rowCount {
      if row < newCount {
        ordinals.append(revisions.count + row)
        changed.append(0)
      } else {
        let ordinal = pickOwned(orders)
        ordinals.append(ordinal)
        changed.append(revisions[ordinal] + 1)
      }
    }
    let batch = orders.batch(ordinals.map(order), revisions: changed)
    return Load(
      label: "client \(number) load \(acknowledgedCount)", batch: batch, ordinals: ordinals,
      revisions: changed)
  }

  /// Some orders are changed far more often than others, and those are spread over all ages: a rank
  /// by Zipf's law, times the golden section.
  private func pickOwned(_ orders: ShopOrders) -> Int {
    let place = UInt64(orders.rank(random.next())) &* 0x9E37_79B9_7F4A_7C15
    return Int(truncatingIfNeeded: place.multipliedFullWidth(by: UInt64(revisions.count)).high)
  }

  func acknowledge(_ load: Load) {
    acknowledgedCount += 1
    for (ordinal, revision) in zip(load.ordinals, load.revisions) {
      if ordinal >= revisions.count {
        revisions.append(revision)
      } else {
        revisions[ordinal] = revision
      }
    }
  }
}
