/// An array whose copies share what they have in common: appending to a copy costs a chunk and a
/// reference for every other chunk, not all elements. For sequences that grow at the end while
/// others hold what they were before.
///
/// A value; reading an element is O(1) and about twice an array's. Everything but `append` is
/// linear. Thread-safe as an array is.
public struct SharedArray<Element> {
  /// Elements of a chunk, as a power of two: half of it is what an append copies in the mean, and
  /// at the limit of versions there are as many chunks.
  @usableFromInline static var shift: Int { 6 }
  @usableFromInline static var chunkSize: Int { 1 << shift }

  /// All of `chunkSize` elements.
  @usableFromInline var chunks: [[Element]] = []
  /// The elements behind them: fewer.
  @usableFromInline var tail: [Element] = []

  @inlinable public init() {}

  @inlinable public init(_ elements: some Sequence<Element>) {
    for element in elements { append(element) }
  }

  @inlinable public mutating func append(_ element: Element) {
    tail.append(element)
    if tail.count == Self.chunkSize {
      chunks.append(tail)
      tail = []
    }
  }

  /// The same with other elements in the place of those in `range`.
  @inlinable public func replacing(
    _ range: Range<Int>, with elements: some Collection<Element>
  ) -> SharedArray {
    var all = Array(self)
    all.replaceSubrange(range, with: elements)
    return SharedArray(all)
  }
}

extension SharedArray: RandomAccessCollection {
  @inlinable public var startIndex: Int { 0 }
  @inlinable public var endIndex: Int { chunks.count &<< Self.shift &+ tail.count }

  @inlinable public subscript(index: Int) -> Element {
    let chunk = index >> Self.shift
    let offset = index & (Self.chunkSize - 1)
    return chunk < chunks.count ? chunks[chunk][offset] : tail[offset]
  }
}

extension SharedArray: Equatable where Element: Equatable {}
extension SharedArray: Hashable where Element: Hashable {}
extension SharedArray: Sendable where Element: Sendable {}
