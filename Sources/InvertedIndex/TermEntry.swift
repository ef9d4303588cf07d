/// What the dictionary says of a term.
struct TermEntry {
  /// Where the rows and positions lie.
  enum Place {
    /// In the dictionary block, from that byte of it.
    case inline(Int)
    /// Sealed, from that byte of the index.
    case stored(Int)
  }

  var documentCount: Int
  var form: PostingsEncoder.Form
  var rowByteCount: Int
  var positionByteCount: Int
  var place: Place
  /// The block that holds inline postings.
  var block: IndexBytes
}
