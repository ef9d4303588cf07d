import ArgumentParser

/// What a store keeps of its segments for the next queries, as options.
struct CacheOptions: ParsableArguments {
  @Option(
    help:
      "Bytes of memory of segments that are kept opened, as 512MiB; 0 opens them for each use.")
  var segmentCache = "512MiB"

  @Option(help: "Bytes of decoded pages that are kept, as 64MiB; 0 switches the cache off.")
  var pageCache = "64MiB"

  @Option(help: "Bytes of pages of row stores, of those that are not read in place; 0 for none.")
  var rowCache = "64MiB"

  @Option(help: "Bytes of opened inverted indexes; 0 for none.")
  var indexCache = "64MiB"

  @Option(help: "Bytes of rows that inverted indexes have found; 0 for none.")
  var indexResultCache = "64MiB"

  @Option(
    help:
      "Bytes of memory of hash key indexes; 0 for none between loads, unlimited for no limit.")
  var keyIndexCache = "unlimited"

  @Flag(
    name: .customLong("no-warming"),
    help: "Swaps outputs of compactions in without reading the pages that queries will want.")
  var noWarming = false

  private var texts: [(option: String, text: String)] {
    [
      ("--segment-cache", segmentCache), ("--page-cache", pageCache), ("--row-cache", rowCache),
      ("--index-cache", indexCache), ("--index-result-cache", indexResultCache),
    ]
  }

  func validate() throws {
    for (option, text) in texts where parseByteSize(text) == nil {
      throw ValidationError("\(option) is \(text); it must be bytes, as 64MiB, or 0")
    }
    guard keyIndexBytes != nil else {
      throw ValidationError(
        "--key-index-cache is \(keyIndexCache); it must be bytes, as 64MiB, 0, or unlimited")
    }
  }

  private var keyIndexBytes: Int? {
    keyIndexCache == "unlimited" ? .max : parseByteSize(keyIndexCache)
  }

  var sizes: CacheSizes {
    let bytes = texts.map { parseByteSize($0.text) ?? 0 }
    return CacheSizes(
      segments: bytes[0], pages: bytes[1], rows: bytes[2], indexes: bytes[3],
      indexResults: bytes[4], keyIndexes: keyIndexBytes ?? .max,
      warmsCompactedPages: !noWarming)
  }
}
